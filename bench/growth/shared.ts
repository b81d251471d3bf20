/** What all subjects of a row use together: made for the first of them, ended by the last. */

export class Shared<Resource> {
  readonly #make: () => Promise<Resource>;
  readonly #end: (resource: Resource) => Promise<void>;
  #resource: Promise<Resource> | undefined;
  #users = 0;

  constructor(make: () => Promise<Resource>, end: (resource: Resource) => Promise<void>) {
    this.#make = make;
    this.#end = end;
  }

  enter(): Promise<Resource> {
    this.#users++;
    this.#resource ??= this.#make();
    return this.#resource;
  }

  async leave(): Promise<void> {
    this.#users--;
    if (this.#users > 0 || this.#resource === undefined) return;
    const resource = await this.#resource;
    this.#resource = undefined;
    await this.#end(resource);
  }
}
