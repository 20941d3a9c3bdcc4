/**
 * The first value of a field whose number is passed on from call to call, before the constructor sets it.
 *
 * V8 keeps a number that is no small integer in an object on the heap. A field that only ever held such numbers has an object of its
 * own, and each call that gets the number gets a new copy. A field that held something else once has just the reference to the
 * object, and passes that on: nothing is allocated.
 */
export const PASSED_ON: number = undefined as unknown as number
