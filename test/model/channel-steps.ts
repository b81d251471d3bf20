/** What a command on channels means in the model, and what it must answer at its time. */
import type { ChannelToken } from '../../src/index.ts';
import type { CallAction, ChannelAction, Seen } from './action.ts';
import type { Call, Calls, Verdict } from './calls.ts';
import { closeFailure, ModelChannel, type ModelEnd, readFailure, writeFailure } from './channel-model.ts';
import type { Model, ModelObject } from './model.ts';
import type { ObjectSteps } from './object-steps.ts';
import type { Chosen, Command, World } from './world.ts';

const CHANNELS_MAX = 3;
const READERS_MAX = 3;
const DEPTH_MAX = 3;
const PENDING: Verdict = { is: 'pending' };

/** A channel, and which threads have connected to it under its key. */
interface Opened {
  readonly channel: ModelChannel;
  readonly token: ChannelToken<Uint8Array>;
  readonly threads: Set<number>;
}

export class ChannelSteps {
  readonly #world: World;
  readonly #model: Model;
  readonly #calls: Calls;
  readonly #objects: ObjectSteps;
  readonly #channels = new Map<number, Opened>();
  readonly #readers = new Map<number, ModelEnd>();
  readonly #writers = new Map<number, ModelEnd>();

  constructor(world: World, calls: Calls, objects: ObjectSteps) {
    this.#world = world;
    this.#model = world.model;
    this.#calls = calls;
    this.#objects = objects;
  }

  /** False when it is no command on channels. What needs an end or a channel that there is not opens one. */
  async step(command: Command): Promise<boolean> {
    const { what } = command;
    switch (what) {
      case 'channel':
        await this.#create(command);
        return true;
      case 'openReader':
      case 'openWriter':
      case 'closeChannel':
      case 'isOpen':
        await this.#onChannel(command, what);
        return true;
      case 'read':
      case 'readAll':
      case 'readRelease':
      case 'closeReader':
      case 'startRead': {
        // The rarest are done in this thread, if they can be: here it is counted which methods are called.
        const rare = what === 'readAll' ? this.#world.choose(this.#readers, command.pick, 0) : undefined;
        const reader = rare ?? this.#world.choose(this.#readers, command.pick);
        if (reader === undefined) await this.#onChannel(command, 'openReader');
        else await this.#onReader(command, what, reader);
        return true;
      }
      case 'write':
      case 'startWrite':
      case 'closeWriter':
      case 'startClose':
      case 'abortWriter': {
        const writer = this.#world.choose(this.#writers, command.pick);
        if (writer === undefined) await this.#onChannel(command, 'openWriter');
        else await this.#onWriter(command, what, writer);
        return true;
      }
      case 'unread':
        await this.#unread(command);
        return true;
      default:
        return false;
    }
  }

  async #create({ thread, pick, other }: Command): Promise<void> {
    if (this.#channels.size === CHANNELS_MAX) return;
    const key = this.#model.key();
    const readers = 1 + (pick % READERS_MAX);
    const depth = 1 + (other % DEPTH_MAX);
    const token = await this.#world.ask(thread, { do: 'channel', key, readers, depth });
    if (typeof token !== 'object' || !('channel' in token)) throw new Error(`no token but ${String(token)}`);
    this.#channels.set(key, {
      channel: new ModelChannel(readers, depth),
      token,
      threads: new Set([thread]),
    });
  }

  async #onChannel(
    command: Command,
    what: 'openReader' | 'openWriter' | 'closeChannel' | 'isOpen',
  ): Promise<void> {
    const { thread, pick, other } = command;
    const all = [...this.#channels];
    const open = all.filter(({ 1: { channel } }) => channel.state === 'open');
    // Mostly one with which something can still be done.
    const some = open.length > 0 && other % 4 > 0 ? open : all;
    const [key, opened] = some[pick % some.length] ?? [];
    if (key === undefined || opened === undefined) return this.#create(command);
    const { channel, threads, token } = opened;
    if (!threads.has(thread)) await this.#world.expect(thread, { do: 'connect', key, token }, 'ok');
    threads.add(thread);
    if (what === 'isOpen') return this.#world.expect(thread, { do: what, key }, channel.state === 'open');
    if (what === 'closeChannel') {
      await this.#world.expect(thread, { do: what, key }, 'ok');
      if (channel.state === 'open') channel.state = 'closed';
      return;
    }
    const end = this.#model.key();
    const failure = channel.ended;
    if (failure !== undefined) return this.#world.expect(thread, { do: what, key, end }, failure);
    const seat = what === 'openReader' ? channel.takeSeat() : undefined;
    const isTaken = what === 'openReader' ? seat === undefined : channel.writer !== 'nobody';
    await this.#world.expect(thread, { do: what, key, end }, isTaken ? 'ChannelRoleTakenError' : 'ok');
    if (isTaken) return;
    if (what === 'openWriter') channel.writer = 'taken';
    const ends = what === 'openReader' ? this.#readers : this.#writers;
    ends.set(end, { thread, channel, seat, acquired: undefined, call: undefined, closed: false });
  }

  async #onReader(
    { sync, flag, other }: Command,
    what: 'read' | 'readAll' | 'readRelease' | 'closeReader' | 'startRead',
    [end, reader]: Chosen<ModelEnd>,
  ): Promise<void> {
    const { thread, acquired } = reader;
    switch (what) {
      case 'read':
        return this.#read(end, reader, sync, flag, other);
      case 'startRead':
        return this.#start({ do: what, key: this.#model.key(), end, acquire: flag }, reader, {
          thread,
          what,
          look: () => this.#lookRead(reader),
          take: (_answer, seen) => this.#tookRead(reader, seen, flag),
        });
      case 'readAll':
        // Its errors are those of a read, which is asked for them.
        if (acquired === undefined && reader.call === undefined && !reader.closed)
          await this.#readAll(end, reader, sync, other);
        return;
      case 'readRelease': {
        // The end of a channel is told before a mistake, but for one's own doing.
        const isEnded = reader.channel.state === 'closed' && !(reader.closed && acquired === undefined);
        const expected = isEnded ? 'ChannelError' : acquired === undefined ? 'ChannelUsageError' : 'ok';
        if (acquired !== undefined) this.#model.unsee(acquired);
        if (acquired !== undefined && reader.seat !== undefined) reader.seat.done++;
        reader.acquired = undefined;
        return this.#world.expect(thread, { do: what, end, acquired }, expected);
      }
      case 'closeReader':
        this.#leaveSeat(reader);
        return this.#world.expect(thread, { do: what, end, acquired, sync }, 'ok');
    }
  }

  async #read(end: number, reader: ModelEnd, sync: boolean, acquire: boolean, other: number): Promise<void> {
    const { thread } = reader;
    const seen = this.#nextOf(reader);
    let failure = readFailure(reader);
    // Without a time limit where the answer is there, or the wait is refused.
    let timeout = failure === 'ChannelTimeoutError' || other % 2 === 0 ? 0 : undefined;
    if (failure === 'ChannelTimeoutError' && sync && this.#writerThreadOf(reader.channel) === thread) {
      timeout = undefined;
      failure = 'ChannelUsageError';
    }
    const nothing: Seen = { view: 0, object: 0, size: 0 };
    const action: ChannelAction = { do: 'read', end, seen: seen[0] ?? nothing, sync, acquire, timeout };
    await this.#world.expect(thread, action, failure ?? 'ok');
    if (failure === undefined) this.#tookRead(reader, seen, acquire);
  }

  async #readAll(end: number, reader: ModelEnd, sync: boolean, other: number): Promise<void> {
    const { channel, seat, thread } = reader;
    if (seat === undefined) return;
    const count = channel.ended === undefined ? channel.unreadAt(seat) : 0;
    const versions = channel.versions.slice(seat.done, seat.done + count);
    // A writer that waits for this very reading would make it a matter of luck what it finds.
    if ([...this.#writers.values()].some((end) => end.channel === channel && end.call !== undefined)) return;
    // Without a version there is only the end.
    const toEnd = count === 0 || other % 4 === 0;
    const seen = versions.map((version) => this.#objects.seen(version));
    const failure = channel.ended ?? 'ChannelTimeoutError';
    const isOk = !toEnd || failure === 'ChannelFinishedError';
    seat.done += count;
    this.#leaveSeat(reader);
    await this.#world.expect(thread, { do: 'readAll', end, seen, sync, toEnd }, isOk ? 'ok' : failure);
    for (const [index, { view }] of seen.entries()) {
      const version = versions[index];
      if (version !== undefined) this.#model.see(view, thread, version);
    }
  }

  async #onWriter(
    { size, sync, flag, other }: Command,
    what: 'write' | 'startWrite' | 'closeWriter' | 'startClose' | 'abortWriter',
    [end, writer]: Chosen<ModelEnd>,
  ): Promise<void> {
    const { thread } = writer;
    switch (what) {
      case 'write':
        return this.#write(end, writer, size, { sync, acquire: flag });
      case 'startWrite': {
        if (!this.#model.ask(size)) return;
        const object = this.#model.key();
        return this.#start({ do: what, key: this.#model.key(), end, object, size }, writer, {
          thread,
          what,
          look: () => this.#lookWrite(writer),
          take: (answer) => answer === 'ok' && this.#wrote(end, writer, object, size),
        });
      }
      case 'closeWriter': {
        const failure = closeFailure(writer);
        const timeout = failure === 'ChannelTimeoutError' || other % 2 === 0 ? 0 : undefined;
        await this.#world.expect(thread, { do: what, end, sync, timeout }, failure ?? 'ok');
        if (failure === undefined) this.#endWriter(end, writer, 'finished');
        return;
      }
      case 'startClose': {
        const wasClosed = writer.closed;
        return this.#start({ do: what, key: this.#model.key(), end }, writer, {
          thread,
          what,
          look: () => this.#lookClose(writer, wasClosed),
          take: (answer) => answer === 'ok' && this.#endWriter(end, writer, 'finished'),
        });
      }
      case 'abortWriter':
        this.#endWriter(end, writer, 'closed');
        return this.#world.expect(thread, { do: what, end, sync }, 'ok');
    }
  }

  async #write(
    end: number,
    writer: ModelEnd,
    size: number,
    how: { sync: boolean; acquire: boolean },
  ): Promise<void> {
    if (!this.#model.ask(size)) return;
    const object = this.#model.key();
    const failure = writeFailure(writer);
    // With a time limit also the memory would have to be there at once.
    const timeout = failure === 'ChannelTimeoutError' ? 0 : undefined;
    const action: ChannelAction = { do: 'write', end, object, size, timeout, ...how };
    await this.#world.expect(writer.thread, action, failure ?? 'ok');
    if (failure === undefined) this.#wrote(end, writer, object, size);
  }

  async #unread({ pick }: Command): Promise<void> {
    const chosen = this.#world.choose(new Map([...this.#readers, ...this.#writers]), pick);
    if (chosen === undefined) return;
    const [end, { thread, channel, seat, closed }] = chosen;
    const unread = seat === undefined ? channel.unread : channel.unreadAt(seat);
    await this.#world.expect(thread, { do: 'unread', end }, closed ? 0 : unread);
  }

  async #start(action: CallAction & { key: number }, end: ModelEnd, call: Call): Promise<void> {
    const isBusy = end.call !== undefined;
    const isFirst = !isBusy && !end.closed;
    await this.#world.expect(end.thread, action, 'ok');
    const { key } = action;
    if (isFirst) end.call = key;
    const refused: Verdict = { is: 'over', answer: 'ChannelUsageError', seen: [] };
    this.#calls.add(key, {
      ...call,
      look: () => (isBusy ? refused : call.look()),
      take: (answer, seen) => {
        if (isFirst) end.call = undefined;
        if (!isBusy) call.take(answer, seen);
      },
      cancelled: () => {
        end.call = undefined;
      },
    });
  }

  /** What a call under way comes to: it does not stand in its own way. */
  #lookRead(reader: ModelEnd): Verdict {
    const failure = readFailure({ ...reader, call: undefined });
    if (failure === 'ChannelTimeoutError') return PENDING;
    return { is: 'over', answer: failure ?? 'ok', seen: failure === undefined ? this.#nextOf(reader) : [] };
  }

  #lookWrite(writer: ModelEnd): Verdict {
    const failure = writeFailure({ ...writer, call: undefined });
    return failure === 'ChannelTimeoutError' ? PENDING : { is: 'over', answer: failure ?? 'ok', seen: [] };
  }

  #lookClose(writer: ModelEnd, wasClosed: boolean): Verdict {
    // Closed otherwise while it waited: only to close once more does no harm.
    if (writer.closed && !wasClosed) return { is: 'over', answer: 'ChannelUsageError', seen: [] };
    const failure = closeFailure({ ...writer, call: undefined });
    return failure === 'ChannelTimeoutError' ? PENDING : { is: 'over', answer: failure ?? 'ok', seen: [] };
  }

  /** The next version, if there is one. */
  #nextOf({ channel, seat }: ModelEnd): Seen[] {
    const next = seat === undefined ? undefined : channel.versions[seat.done];
    return next === undefined ? [] : [this.#objects.seen(next)];
  }

  #tookRead(reader: ModelEnd, seen: readonly Seen[], acquire: boolean): void {
    const { channel, seat, thread } = reader;
    const [one] = seen;
    const version = seat === undefined ? undefined : channel.versions[seat.done];
    if (one === undefined || version === undefined || seat === undefined) return;
    this.#model.see(one.view, thread, version);
    if (acquire) reader.acquired = one.view;
    else seat.done++;
  }

  #wrote(end: number, writer: ModelEnd, key: number, size: number): void {
    const { channel, thread } = writer;
    this.#keep(end, channel, Math.min(channel.kept, channel.unread));
    channel.versions.push(this.#model.add({ key, size, hex: undefined, state: 'sealed' }, thread, end));
    channel.kept++;
  }

  /** The writer lets go of all versions but the last so many. */
  #keep(end: number, channel: ModelChannel, count: number): void {
    const { versions, kept } = channel;
    const dropped: ModelObject[] = versions.slice(versions.length - kept, versions.length - count);
    for (const version of dropped) this.#model.drop(end, version, false);
    channel.kept = count;
  }

  #leaveSeat(reader: ModelEnd): void {
    if (reader.acquired !== undefined) this.#model.unsee(reader.acquired);
    reader.acquired = undefined;
    if (!reader.closed && reader.seat !== undefined) reader.seat.holder = 'left';
    reader.closed = true;
  }

  #endWriter(end: number, writer: ModelEnd, state: 'finished' | 'closed'): void {
    if (writer.closed) return;
    const { channel } = writer;
    writer.closed = true;
    channel.writer = 'left';
    if (channel.state === 'open') channel.state = state;
    this.#keep(end, channel, 0);
  }

  #writerThreadOf(channel: ModelChannel): number | undefined {
    return [...this.#writers.values()].find((end) => end.channel === channel && !end.closed)?.thread;
  }
}
