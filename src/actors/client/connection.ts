/** One thread's connection to a store: the parts that its public classes share. */
import { ControlRegion } from '../../pools/control-region.ts';
import { stockLimitBytes } from '../../state/stock-plan.ts';
import { AllocatorLink } from './allocator-link.ts';
import { DebugAids } from './debug/debug-aids.ts';
import { ObjectNames } from './object-names.ts';
import { ObjectReader } from './object-reader.ts';
import type { RefHost } from './object-ref.ts';
import { ObjectWriter } from './object-writer.ts';
import type { StoreHandle } from './store-owner.ts';

export class Connection {
  readonly control: ControlRegion;
  readonly link: AllocatorLink;
  readonly names: ObjectNames;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  /** Undefined unless the store is in debug mode. */
  readonly debug: DebugAids | undefined;
  /** The store's own name, in hexadecimal. */
  readonly name: string;

  /** Throws as `Store.connect`. `host` is what refs of this connection know as their store. */
  constructor(handle: StoreHandle, host: RefHost) {
    this.control = new ControlRegion(handle.control);
    this.name = this.control.name;
    this.link = new AllocatorLink(this.control, handle.arena, stockLimitBytes(handle.memoryBytes));
    this.names = new ObjectNames(host, this.control);
    this.debug = this.control.layout.debug ? new DebugAids(this.control, this.link.bridge) : undefined;
    this.reader = new ObjectReader(this.control, this.link, this.names, this.debug);
    this.writer = new ObjectWriter(this.link, host, this.debug);
  }
}
