import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'

/** What the packaged documents point to is in the package; what they name of the repository is in the repository. */

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

/** The anchors of a page's headings, as GitHub makes them. */
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
  test('there are some, with links', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/guide.md', 'docs/reliability.md']))
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(50)
  })

  test('every link leads to a file of the package, or a folder of it, and to a heading there', () => {
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

  test('every path of the repository that they name is there', () => {
    const missing: string[] = []
    for (const document of documents) {
      const named = proseOf(document).matchAll(/`((?:src|test|bench|scripts|native|docs|examples)\/[\w./-]+)`/g)
      for (const [, path] of named) if (!existsSync(join(ROOT, path))) missing.push(`${document}: ${path}`)
    }
    expect(missing).toEqual([])
  })

  test('README lists every page of docs', () => {
    const pages = documents.filter(path => /^docs\/[\w-]+\.md$/.test(path))
    const linked = linksOf('README.md').map(link => link.split('#')[0])
    expect(pages.filter(page => !linked.includes(page))).toEqual([])
  })
})
