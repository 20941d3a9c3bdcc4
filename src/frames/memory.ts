/**
 * The typed arrays over one page's memory. Views copy the ones they use, so that reaching a field costs one indexed
 * access. After the page is unmapped all of them have length 0: reading gives undefined, storing does nothing.
 */
export class PageMemory {
  readonly u8: Uint8Array
  readonly i8: Int8Array
  readonly u16: Uint16Array
  readonly i16: Int16Array
  readonly u32: Uint32Array
  readonly i32: Int32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly u64: BigUint64Array
  readonly i64: BigInt64Array

  constructor(
    readonly buffer: ArrayBuffer,
    /** Position of slot 0. */
    readonly firstPosition: number,
    /** For error messages. */
    readonly path: string,
    /** The number by which causes name this journal. */
    readonly journalId: number,
  ) {
    this.u8 = new Uint8Array(buffer)
    this.i8 = new Int8Array(buffer)
    this.u16 = new Uint16Array(buffer)
    this.i16 = new Int16Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.f32 = new Float32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.u64 = new BigUint64Array(buffer)
    this.i64 = new BigInt64Array(buffer)
  }
}

/** Views are bound to this memory before their first frame. */
export const NO_MEMORY = new PageMemory(new ArrayBuffer(0), 0, '', 0)
