/** Resources that are set apart for a group of calls and actors. */
import { TimedOutError } from '../../state/errors.ts';
import { JobId } from '../../state/ids/job-id.ts';
import { PlacementGroupId } from '../../state/ids/placement-group-id.ts';
import { invalidArgument, oneOf, readOptions, timeout, withDefault } from '../../state/options.ts';
import type { PlacementStrategy } from '../../state/scheduling/bundle-planning.ts';
import { quantities, type Resources } from './call/call-options.ts';
import type { RuntimeAccess } from './runtime-access.ts';

export type { PlacementStrategy };

/** Options of `placementGroup`. */
export interface PlacementGroupOptions {
  /**
   * `PACK` (default): bundles on as few workers as can be; `STRICT_PACK`: all on one. `SPREAD`: on as many as can be;
   * `STRICT_SPREAD`: each on another.
   */
  readonly strategy?: PlacementStrategy | undefined;
  /** Longest time in milliseconds to wait for room. Default: as long as it takes. */
  readonly timeout?: number | undefined;
}

const SPEC = {
  strategy: withDefault(oneOf('PACK', 'SPREAD', 'STRICT_PACK', 'STRICT_SPREAD'), 'PACK'),
  timeout,
};
const CONTEXT = 'Runtime.placementGroup';

/**
 * Bundles of resources that were reserved together, or not at all. Calls and actors use it by their option `placementGroup`;
 * nobody else does. After Ray's placement groups.
 */
export class PlacementGroup implements AsyncDisposable {
  /** In hexadecimal. */
  readonly id: string;
  /** What each bundle has. */
  readonly bundles: readonly Resources[];
  readonly #core: RuntimeAccess;

  private constructor(core: RuntimeAccess, id: string, bundles: readonly Resources[]) {
    this.#core = core;
    this.id = id;
    this.bundles = bundles;
  }

  /** @internal */
  static async reserve(
    core: RuntimeAccess,
    bundles: readonly Resources[],
    options: PlacementGroupOptions | undefined,
  ): Promise<PlacementGroup> {
    const { strategy, timeout: timeoutMs } = readOptions(SPEC, options, CONTEXT);
    if (!Array.isArray(bundles) || bundles.length === 0)
      throw invalidArgument('bundles', bundles, 'an array of at least one bundle', CONTEXT);
    // Of a list with holes, each hole is told as well.
    const read = Array.from(bundles, (bundle, index) =>
      quantities(false)(bundle, `bundles[${index}]`, CONTEXT),
    );
    if (core.refusal !== undefined) throw core.refusal;
    const group = new PlacementGroup(core, PlacementGroupId.of(JobId.fromInt(1)).hex, read);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      if (timeoutMs === undefined) return;
      const message = `no room for the placement group within ${timeoutMs} ms`;
      timer = setTimeout(() => reject(new TimedOutError(message, { timeoutMs })), timeoutMs);
    });
    const reserved = core.ask({ kind: 'createGroup', group: group.id, bundles: read, strategy });
    try {
      await Promise.race([reserved, late]);
      return group;
    } catch (error) {
      reserved.catch(() => {});
      if (error instanceof TimedOutError) await group.remove();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives everything back. Calls that still wait for it fail with an `InfeasibleRequestError`. */
  async remove(): Promise<void> {
    await this.#core.ask({ kind: 'removeGroup', group: this.id });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}
