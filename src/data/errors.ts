/** Errors of what takes data out of journals and puts data into them. */
import { TicktapeError } from '../base/errors.js'

/** A query that DuckDB refuses, or that fails while it runs. The message is DuckDB's. */
export class QueryError extends TicktapeError {
  readonly code = 'ERR_QUERY'
}

/** The directory of an export is that of another one, or frames were removed before they were exported. */
export class ExportError extends TicktapeError {
  readonly code = 'ERR_EXPORT'
}

/** A file that cannot be imported: the message names the file and the line. There is no journal then. */
export class ImportError extends TicktapeError {
  readonly code = 'ERR_IMPORT'
}
