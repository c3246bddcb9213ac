/** An argument that can't be sent. What it says is for the model that made it: names of the tool's own schema, never values. */
export class BadArgument extends Error {
  override readonly name = 'BadArgument';

  constructor(readonly says: string) {
    super('an argument of a tool can not be sent');
  }
}
