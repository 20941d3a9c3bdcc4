import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { makeFolder } from '../support/folders.ts'

/** Programs that use ticktape, bundled by esbuild into one file, and run by Node far from the repository. */

const root = join(import.meta.dirname, '../..')
const ADDON = join(root, 'build/Release/ticktape.node')
const SHIPPED = `prebuilds/${process.platform}-${process.arch}/ticktape${process.platform === 'linux' ? '.glibc' : ''}.node`

const PROGRAM = `
import { f64, frame, on, Reader, Writer } from 'ticktape'
import { Ring } from 'ticktape/state'

const Tick = frame('Tick', 1, { n: f64 })
const folder = process.argv[2]
const writer = Writer.open(folder + '/journal', { pageSize: 64 * 1024 })
for (let n = 0; n < 5000; n++) writer.write(Tick, { n })
const reader = Reader.open(folder + '/journal', { from: 'start' })
let sum = 0
while (reader.poll(on(Tick, tick => { sum += tick.n })) > 0);
reader.close()
writer.close()
console.log(sum, typeof Ring.open)
`

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Bundles a program into `folder`/app/dist/bundle.mjs or .cjs. */
async function bundle(folder: string, format: 'esm' | 'cjs', program = PROGRAM, options: BuildOptions = {}) {
  const source = join(folder, 'program.mjs')
  writeFileSync(source, program)
  const outfile = join(folder, 'app/dist', format === 'esm' ? 'bundle.mjs' : 'bundle.cjs')
  // The folder in which the program's node_modules would be.
  const alias = Object.fromEntries(
    ['ticktape', 'ticktape/state', 'ticktape/runtime'].map(name => [
      name,
      join(root, 'dist/public', `${name.split('/')[1] ?? 'index'}.js`),
    ]),
  )
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'silent',
    ...(options.external ? {} : { alias }),
    ...options,
  })
  return outfile
}

function run(file: string, folder: string, env: Record<string, string> = {}): Ran {
  const { TICKTAPE_ADDON: _, PREBUILDS_ONLY: __, ...rest } = process.env
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const ran = spawnSync(process.execPath, [file, data], { cwd: folder, encoding: 'utf8', env: { ...rest, ...env } })
  return { status: ran.status, out: ran.stdout.trim(), err: ran.stderr }
}

describe.each(['esm', 'cjs'] as const)('a bundle by esbuild, %s', format => {
  it('throws a named error when its addon is missing, with what to do', async () => {
    const folder = makeFolder()
    const ran = run(await bundle(folder, format), folder)
    expect(ran.status).toBe(1)
    expect(ran.err).toContain("code: 'ERR_ADDON_NOT_FOUND'")
    for (const advice of ['--external:ticktape', 'TICKTAPE_ADDON', 'docs/bundlers.md', 'bundle.']) {
      expect(ran.err).toContain(advice)
    }
  })

  it('works with TICKTAPE_ADDON', async () => {
    const folder = makeFolder()
    const ran = run(await bundle(folder, format), folder, { TICKTAPE_ADDON: ADDON })
    expect(ran).toEqual({ status: 0, out: '12497500 function', err: '' })
  })

  it('works minified, with the folder prebuilds beside it', async () => {
    const folder = makeFolder()
    const file = await bundle(folder, format, PROGRAM, { minify: true })
    const shipped = join(dirname(file), SHIPPED)
    mkdirSync(dirname(shipped), { recursive: true })
    copyFileSync(ADDON, shipped)
    expect(run(file, folder)).toEqual({ status: 0, out: '12497500 function', err: '' })
  })

  it('works with ticktape left out', async () => {
    const folder = makeFolder()
    const file = await bundle(folder, format, PROGRAM, { external: ['ticktape', 'ticktape/*'] })
    mkdirSync(join(folder, 'app/node_modules'))
    symlinkSync(root, join(folder, 'app/node_modules/ticktape'))
    // Node 20 warns that it requires an ES module.
    expect(run(file, folder, { NODE_OPTIONS: '--no-warnings' })).toEqual({
      status: 0,
      out: '12497500 function',
      err: '',
    })
  })

  it('does not load an addon of the program it is part of', async () => {
    const folder = makeFolder()
    const file = await bundle(folder, format)
    for (const place of [join(folder, 'build/Release'), join(folder, 'app/build/Release')]) {
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, 'ticktape.node'), 'of somebody else')
    }
    writeFileSync(join(folder, 'package.json'), '{ "name": "somebody-elses", "private": true }')
    expect(run(file, folder).err).toContain("code: 'ERR_ADDON_NOT_FOUND'")
  })

  it('checks a large journal, in one thread', async () => {
    const folder = makeFolder()
    const program = `
      import { bytes, frame, verify, Writer } from 'ticktape'
      const Block = frame('Block', 1, { bytes: bytes(16_000) }, { slots: 252 })
      const path = process.argv[2] + '/journal'
      const writer = Writer.open(path, { pageSize: 32 * 1024 * 1024 })
      for (let n = 0; n < 4500; n++) writer.write(Block, { bytes: Uint8Array.of(1) })
      writer.close()
      verify(path).then(({ sound, pages }) => console.log(sound, pages))`
    const file = await bundle(folder, format, program)
    expect(run(file, folder, { TICKTAPE_ADDON: ADDON })).toEqual({ status: 0, out: 'true 3', err: '' })
  })

  it('throws a named error for a writer whose retention archives, and creates none', async () => {
    const folder = makeFolder()
    const program = `
      import { existsSync } from 'node:fs'
      import { Writer } from 'ticktape'
      const path = process.argv[2] + '/journal'
      try {
        Writer.open(path, { retain: { pages: 1, archive: process.argv[2] + '/archive' } })
      } catch ({ code, path: file }) {
        console.log(code, file, existsSync(path))
      }`
    const file = await bundle(folder, format, program)
    const { out } = run(file, folder, { TICKTAPE_ADDON: ADDON })
    expect(out).toBe(`ERR_BUNDLED ${realpathSync(file)} false`)
  })

  it('throws a named error for a gateway, which needs files, and creates none', async () => {
    const folder = makeFolder()
    const program = `
      import { existsSync } from 'node:fs'
      import { Gateway } from 'ticktape/runtime'
      const home = process.argv[2] + '/home'
      const end = ({ code, path }) => console.log(code, path, existsSync(home))
      Gateway.start({ home, strategies: ['strategy.mjs'], feed: { events() {} } }).then(end, end)`
    const file = await bundle(folder, format, program)
    const { out } = run(file, folder, { TICKTAPE_ADDON: ADDON })
    expect(out).toBe(`ERR_BUNDLED ${realpathSync(file)} false`)
  })
})
