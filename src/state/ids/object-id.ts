/** Ids of objects, as in Ray: 24 bytes of task id and a 32-bit little-endian index. */

import { NONCE_BYTES } from '../control-layout.ts';
import { ID_BYTES } from '../slot-layout.ts';
import { ActorId } from './actor-id.ts';
import {
  bytesOfU32,
  checkLength,
  checkU32,
  FixedLengthId,
  fillRandomly,
  randomBytes,
} from './fixed-length-id.ts';
import { TaskId } from './task-id.ts';

/** Where an automatic id's parts lie. */
const SLOT_OFFSET = 0;
const GENERATION_OFFSET = 4;
const NONCE_OFFSET = 8;
const JOB_OFFSET = NONCE_OFFSET + NONCE_BYTES;
const INDEX_OFFSET = TaskId.SIZE;
/** The job that automatic ids name: there is one job, the program itself. */
const AUTOMATIC_JOB = 1;
/** The first object of the task that creates an actor is the actor's handle. */
const ACTOR_HANDLE_INDEX = 1;
const ACTOR_OFFSET = TaskId.SIZE - ActorId.SIZE;
/** Where automatic ids are put together, to be copied: a list of all objects makes one for each. */
const automaticBytes = new Uint8Array(ID_BYTES);
const automaticParts = new DataView(automaticBytes.buffer);
automaticParts.setUint32(JOB_OFFSET, AUTOMATIC_JOB, true);

/** The place that an automatic id names. */
export interface SlotName {
  readonly slot: number;
  readonly generation: number;
}

/**
 * The id of an object: an immutable value of 28 bytes. All bytes 0xFF is `nil`, "no object"; all zeros is a normal id.
 *
 * Ids of the caller's choice come from `fromIndex`, `fromBinary`, `fromHex` or `fromRandom`. *Automatic ids* name the
 * slot that holds the object, so the store needs no index entry to find it:
 * slot u32 ‖ generation u32 ‖ store nonce 12 ‖ job u32 = 1 ‖ index u32 = 0, all little-endian.
 */
export class ObjectId extends FixedLengthId {
  static override readonly SIZE: number = ID_BYTES;
  /** The id of no object. */
  static readonly nil: ObjectId = new ObjectId();

  /** The id of a task's object number `index`, from 1; puts and returns share one count. */
  static fromIndex(taskId: TaskId | Uint8Array, index: number): ObjectId {
    const task = taskId instanceof TaskId ? taskId.toBinary() : taskId;
    checkLength(task, 'taskId', TaskId.SIZE);
    checkU32(index, 'index', 1);
    return new ObjectId(Buffer.concat([task, bytesOfU32(index)]));
  }

  /** A new id nobody else has: 24 random bytes, index 0. */
  static fromRandom(fill = fillRandomly): ObjectId {
    return new ObjectId(Buffer.concat([randomBytes(TaskId.SIZE, fill), bytesOfU32(0)]));
  }

  /** The id under which the handle of an actor is passed around. */
  static forActorHandle(actor: ActorId): ObjectId {
    return ObjectId.fromIndex(TaskId.forActorCreationTask(actor), ACTOR_HANDLE_INDEX);
  }

  /** The automatic id of the object in this slot of the store with this nonce. */
  static forSlot(storeNonce: Uint8Array, slot: number, generation: number): ObjectId {
    checkLength(storeNonce, 'storeNonce', NONCE_BYTES);
    checkU32(slot, 'slot');
    checkU32(generation, 'generation');
    automaticParts.setUint32(SLOT_OFFSET, slot, true);
    automaticParts.setUint32(GENERATION_OFFSET, generation, true);
    automaticBytes.set(storeNonce, NONCE_OFFSET);
    return new ObjectId(automaticBytes);
  }

  get kind(): 'ObjectId' {
    return 'ObjectId';
  }

  /** The slot that this id names, if it is an automatic id of the store with this nonce. */
  slotOf(storeNonce: Uint8Array): SlotName | undefined {
    checkLength(storeNonce, 'storeNonce', NONCE_BYTES);
    if (this.index !== 0 || this.u32(JOB_OFFSET) !== AUTOMATIC_JOB) return undefined;
    const { bytes } = this;
    if (!storeNonce.every((byte, position) => byte === bytes[NONCE_OFFSET + position])) return undefined;
    return { slot: this.u32(SLOT_OFFSET), generation: this.u32(GENERATION_OFFSET) };
  }

  /** The number of this object among its task's; 0 in random and in automatic ids. */
  get index(): number {
    return this.u32(INDEX_OFFSET);
  }

  /** The task that made it. */
  get taskId(): TaskId {
    return new TaskId(this.taskIdBytes);
  }

  /** A copy of the 24 bytes of the task id. */
  get taskIdBytes(): Uint8Array<ArrayBuffer> {
    return this.part(0, TaskId.SIZE);
  }

  /**
   * Whether it may be the handle of an actor. As in Ray it looks at the first eight bytes only, so objects that a driver put
   * and objects that creation tasks put say yes, too.
   */
  get isActorId(): boolean {
    return this.part(0, ACTOR_OFFSET).every((byte) => byte === 0xff);
  }

  /** The actor that it is the handle of. */
  toActorId(): ActorId {
    return new ActorId(this.part(ACTOR_OFFSET, INDEX_OFFSET));
  }
}
