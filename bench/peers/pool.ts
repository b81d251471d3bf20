/** Pools of workers as their rows see them: all run the same functions by the same names. */

/** A call of one of the functions in `functions.ts`, with one argument or none. */
export interface FunctionPool {
  run(name: FunctionName, argument?: unknown): PromiseLike<unknown>;
  end(): Promise<void>;
}

export type FunctionName = 'nothing' | 'move' | 'ends';

/** A library, with settings. */
export interface PoolPeer {
  readonly name: string;
  open(workers: number): FunctionPool | Promise<FunctionPool>;
}
