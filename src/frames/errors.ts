/** Errors about definitions, values, views and the bytes of frames. */
import { type ErrorLocation, TicktapeError } from '../base/errors.js'

/** A frame definition that cannot be laid out: bad name, id or field, too large, or two under one id. */
export class FrameDefinitionError extends TicktapeError {
  readonly code = 'ERR_FRAME_DEFINITION'
}

/** A value that its field cannot hold, an unknown field, or a missing one. Nothing was written. */
export class FieldValueError extends TicktapeError {
  readonly code = 'ERR_FIELD_VALUE'
}

/** A view was used after its frame was committed or aborted, or after the handler that it was passed to returned. */
export class ViewExpiredError extends TicktapeError {
  readonly code = 'ERR_VIEW_EXPIRED'
}

/** The bytes contradict the format. */
export class CorruptJournalError extends TicktapeError {
  readonly code = 'ERR_CORRUPT_JOURNAL'
  /** The page's number, where one is concerned. */
  readonly page: number | undefined
  /** The slot within the page, where one is concerned. */
  readonly slot: number | undefined

  constructor(message: string, location: ErrorLocation & { readonly page?: number; readonly slot?: number } = {}) {
    super(message, location)
    this.page = location.page
    this.slot = location.slot
  }
}

export interface FieldDifference {
  readonly field: string
  readonly journal: string
  readonly program: string
}

/** The journal has another layout under the same frame id, or the same name under another id. */
export class SchemaMismatchError extends TicktapeError {
  readonly code = 'ERR_SCHEMA_MISMATCH'
  readonly differences: readonly FieldDifference[]

  constructor(message: string, differences: readonly FieldDifference[], location: ErrorLocation = {}) {
    super(message, location)
    this.differences = differences
  }
}

/** The journal has another instrument under the same number. */
export class InstrumentMismatchError extends TicktapeError {
  readonly code = 'ERR_INSTRUMENT_MISMATCH'
  /** One for each key whose values differ. */
  readonly differences: readonly FieldDifference[]

  constructor(message: string, differences: readonly FieldDifference[], location: ErrorLocation = {}) {
    super(message, location)
    this.differences = differences
  }
}

/** Written in a version of the format that this library does not read. */
export class FormatVersionError extends TicktapeError {
  readonly code = 'ERR_FORMAT_VERSION'
}
