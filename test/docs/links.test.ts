import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'

/** The files that the packaged documents link to are in the package. The files of the repository that they name exist. */

const ROOT = join(import.meta.dirname, '../..')

let packed: ReadonlySet<string>
let documents: readonly string[]

beforeAll(() => {
  const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(out) as { files: { path: string }[] }[]
  packed = new Set(files.map(({ path }) => path))
  documents = [...packed].filter(path => path.endsWith('.md'))
})

/** A page's text without its blocks of code. */
function proseOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8').replaceAll(/^```[^]*?^```$/gm, '')
}

/** The anchors of a page's headings, as GitHub creates them. */
function anchorsOf(path: string): string[] {
  return [...proseOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function linksOf(path: string): string[] {
  return [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
}

describe('documents in the package', () => {
  test('exist and have links', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/guide.md', 'docs/reliability.md']))
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(50)
  })

  test('link only to files, folders and headings that the package has', () => {
    const dead: string[] = []
    for (const document of documents) {
      for (const link of linksOf(document).filter(target => !/^[a-z]+:/.test(target))) {
        const [file, anchor] = link.split('#')
        const target = file === '' ? document : posix.join(posix.dirname(document), file)
        const there = packed.has(target) || [...packed].some(path => path.startsWith(`${target.replace(/\/$/, '')}/`))
        if (!there || (anchor !== undefined && !anchorsOf(target).includes(anchor))) dead.push(`${document}: ${link}`)
      }
    }
    expect(dead).toEqual([])
  })

  test('name only existing paths of the repository', () => {
    const missing: string[] = []
    for (const document of documents) {
      const named = proseOf(document).matchAll(/`((?:src|test|bench|scripts|native|docs|examples)\/[\w./-]+)`/g)
      for (const [, path] of named) if (!existsSync(join(ROOT, path))) missing.push(`${document}: ${path}`)
    }
    expect(missing).toEqual([])
  })

  test('are all listed in README', () => {
    const pages = documents.filter(path => /^docs\/[\w-]+\.md$/.test(path))
    const linked = linksOf('README.md').map(link => link.split('#')[0])
    expect(pages.filter(page => !linked.includes(page))).toEqual([])
  })
})
