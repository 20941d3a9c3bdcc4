import { createRequire } from 'node:module'
import type * as Api from '@duckdb/node-api'
import { PackageMissingError } from '../../base/errors.js'

/** The functions of DuckDB that copy memory into its vectors. Its public classes only take a value at a time. */
export interface Vectors {
  data_chunk_get_vector(chunk: object, column: number): object
  copy_data_to_vector(vector: object, offset: number, source: ArrayBufferLike, from: number, bytes: number): void
  copy_data_to_vector_validity(
    vector: object,
    offset: number,
    source: ArrayBufferLike,
    from: number,
    bytes: number,
  ): void
  vector_ensure_validity_writable(vector: object): void
  vector_get_data(vector: object, bytes: number): Uint8Array
  vector_assign_string_element_len(vector: object, row: number, bytes: Uint8Array): void
}

export interface DuckDb {
  readonly api: typeof Api
  readonly vectors: Vectors
}

let loaded: Promise<DuckDb> | undefined

/** The package `@duckdb/node-api`, an optional peer (docs/decisions/0068). @throws {PackageMissingError} */
export function loadDuckDb(): Promise<DuckDb> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<DuckDb> {
  try {
    const api = await import('@duckdb/node-api')
    const own = createRequire(import.meta.url)
    // The bindings are a dependency of that package, so they are found from there.
    const vectors = createRequire(own.resolve('@duckdb/node-api'))('@duckdb/node-bindings') as Vectors
    if (typeof api.DuckDBTableFunction !== 'function')
      throw new PackageMissingError(
        `SQL needs '@duckdb/node-api' 1.5.6 or later, and an older one is installed: type npm install @duckdb/node-api@latest, then try again`,
      )
    return { api, vectors }
  } catch (error) {
    loaded = undefined
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new PackageMissingError(
      "SQL and Parquet need the package '@duckdb/node-api': type npm install @duckdb/node-api, then try again",
      { cause: error },
    )
  }
}
