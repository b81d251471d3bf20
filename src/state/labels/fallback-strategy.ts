/** What to look for when no node has the labels that were asked for first (Ray, `fallback_strategy.h`). */
import { LabelSelector, type WireLabelSelector } from './label-selector.ts';

/** An option on the wire: Ray's `rpc::FallbackOption`. */
export interface WireFallbackOption {
  readonly labelSelector: WireLabelSelector;
}

/** A strategy on the wire: Ray's `rpc::FallbackStrategy`. */
export interface WireFallbackStrategy {
  readonly options: readonly WireFallbackOption[];
}

/** One of the choices: up to now only another selector. */
export class FallbackOption {
  readonly labelSelector: LabelSelector;

  constructor(labelSelector: LabelSelector) {
    this.labelSelector = labelSelector;
  }

  static fromWire({ labelSelector }: WireFallbackOption): FallbackOption {
    return new FallbackOption(LabelSelector.fromWire(labelSelector));
  }

  equals(other: FallbackOption): boolean {
    return this.labelSelector.equals(other.labelSelector);
  }

  /** Equal options have the same. */
  get hash(): bigint {
    return this.labelSelector.hash;
  }

  toWire(): WireFallbackOption {
    return { labelSelector: this.labelSelector.toWire() };
  }
}

/** Options in the order in which they are tried. */
export type FallbackStrategy = readonly FallbackOption[];

/** Ray's `ParseFallbackStrategy`. The order stays; of no options, an empty list. */
export function parseFallbackStrategy(options: readonly WireFallbackOption[]): FallbackOption[] {
  return options.map((option) => FallbackOption.fromWire(option));
}

/** Ray's `SerializeFallbackStrategy`. */
export function serializeFallbackStrategy(strategy: FallbackStrategy): WireFallbackStrategy {
  return { options: strategy.map((option) => option.toWire()) };
}
