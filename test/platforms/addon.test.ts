import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder } from '../support/folders.ts'

/** Tests which addon is loaded, and the error when there is none. */

const root = join(import.meta.dirname, '../..')
const ADDON = join(root, 'build/Release/ticktape.node')

/** Imports ticktape from a package folder in another process, and prints the error or the addon's file. */
function load(
  packageFolder: string,
  env: Record<string, string> = {},
): { code?: string; message?: string; addon?: string } {
  const program = `
    import { readFileSync } from 'node:fs'
    import(${JSON.stringify(join(packageFolder, 'dist/public/index.js'))}).then(
      () => {
        const addon = readFileSync('/proc/self/maps', 'utf8').split('\\n').find(line => line.endsWith('.node'))
        console.log(JSON.stringify({ addon: addon.slice(addon.indexOf('/')) }))
      },
      ({ code, message }) => console.log(JSON.stringify({ code, message })))`
  const { TICKTAPE_ADDON: _, PREBUILDS_ONLY: __, ...rest } = process.env
  const args = ['--input-type=module', '-e', program]
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...rest, ...env } })
  return JSON.parse(ran.stdout) as ReturnType<typeof load>
}

/** A package as it is installed, without addons. */
function makePackage(): string {
  const folder = join(makeFolder(), 'ticktape')
  mkdirSync(folder)
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

function addAddon(folder: string, place: string): string {
  const file = join(folder, place)
  mkdirSync(join(file, '..'), { recursive: true })
  cpSync(ADDON, file)
  return file
}

/** An addon that a tool of this repository built. */
function strangersAddon(): string {
  const folder = join(root, 'node_modules/@rolldown')
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(file => file.endsWith('.node'))
  return join(folder, name ?? 'none')
}

const SHIPPED = `prebuilds/${process.platform}-${process.arch}/ticktape.glibc.node`

describe.skipIf(process.platform !== 'linux')('the addon', () => {
  it('is the one built in the clone, and with PREBUILDS_ONLY the one that ships', () => {
    const folder = makePackage()
    const shipped = addAddon(folder, SHIPPED)
    expect(load(folder)).toEqual({ addon: shipped })
    const built = addAddon(folder, 'build/Release/ticktape.node')
    expect(load(folder)).toEqual({ addon: built })
    expect(load(folder, { PREBUILDS_ONLY: '1' })).toEqual({ addon: shipped })
  })

  it('is the one that TICKTAPE_ADDON names, even if others exist', () => {
    const folder = makePackage()
    addAddon(folder, SHIPPED)
    const other = addAddon(folder, 'other.node')
    expect(load(folder, { TICKTAPE_ADDON: other })).toEqual({ addon: other })
  })

  it('if missing, is a named error with the file and what to do', () => {
    const folder = makePackage()
    addAddon(folder, 'build/Release/another.node')
    const { code, message } = load(folder)
    expect(code).toBe('ERR_ADDON_NOT_FOUND')
    expect(message).toContain(join(folder, SHIPPED))
    expect(message).toContain('npm install')
  })

  it('if TICKTAPE_ADDON names no file, is a named error', () => {
    const folder = makePackage()
    addAddon(folder, SHIPPED)
    const { code, message } = load(folder, { TICKTAPE_ADDON: '/nowhere/ticktape.node' })
    expect(code).toBe('ERR_ADDON_NOT_FOUND')
    expect(message).toContain('TICKTAPE_ADDON says /nowhere/ticktape.node')
  })

  it('is refused with a named error when it is not an addon, or that of another library', () => {
    const folder = makePackage()
    const text = join(folder, 'text.node')
    writeFileSync(text, 'no addon')
    expect(load(folder, { TICKTAPE_ADDON: text })).toMatchObject({
      code: 'ERR_ADDON_LOAD',
      message: expect.stringContaining(`The addon ${text} cannot be loaded`) as string,
    })
    expect(load(folder, { TICKTAPE_ADDON: strangersAddon() })).toMatchObject({
      code: 'ERR_ADDON_LOAD',
      message: expect.stringContaining('is not the addon of ticktape') as string,
    })
  })
})
