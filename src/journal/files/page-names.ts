/** A page's file name: its number in ten digits. */
export function pageFileName(pageNumber: number): string {
  return `${String(pageNumber).padStart(10, '0')}.page`
}

/** The number in a page's file name, or -1 for other names. */
export function pageNumberOf(fileName: string): number {
  return /^\d{10}\.page$/.test(fileName) ? Number(fileName.slice(0, 10)) : -1
}

/** Page numbers are stored as u32. */
export const MAX_PAGE_NUMBER = 2 ** 32 - 1
