import type { AttachedView } from '../sql/attach.js'
import { SqlSession } from '../sql/session.js'
import { copyStatement, type ExportLayout } from './select.js'

/** Writes the frames of a journal into files of one format. */
export interface PartFormat {
  readonly views: readonly AttachedView[]
  /** Writes the frames of a view between two positions. `target` is a file, or a folder when the layout has some. */
  write(view: AttachedView, first: number, before: number, target: string, signal: AbortSignal): Promise<void>
  /** Ends what is being written, with an error. */
  interrupt(): void
  close(): Promise<void>
}

/** Parquet, CSV and JSON lines: DuckDB writes them. */
export class DuckDbFormat implements PartFormat {
  private constructor(
    private readonly session: SqlSession,
    private readonly journal: string,
    private readonly layout: ExportLayout,
  ) {}

  /** @param journal its name in a first column; '' for none. @throws {PackageMissingError}, and as `attach`. */
  static async open(path: string, journal: string, layout: ExportLayout, durable: boolean): Promise<DuckDbFormat> {
    return new DuckDbFormat(await SqlSession.open(path, { durable }), journal, layout)
  }

  get views(): readonly AttachedView[] {
    return this.session.attachment.views
  }

  /** @throws {QueryError}, and what a scan throws. */
  async write(view: AttachedView, first: number, before: number, target: string): Promise<void> {
    await this.session.run(copyStatement(view, this.layout, this.journal, first, before, target))
  }

  interrupt(): void {
    this.session.interrupt()
  }

  close(): Promise<void> {
    return this.session.close()
  }
}
