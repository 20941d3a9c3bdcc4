/** `ticktape/sql`: journals as views of DuckDB. */

export { QueryError } from '../data/errors.js'
export { type AttachedView, Attachment, type AttachOptions, attach } from '../data/sql/attach.js'
