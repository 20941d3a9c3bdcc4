import * as fs from 'node:fs'
import * as path from 'node:path'
import type { GatewayOptions } from '../../trading/gateway/options.js'
import { UsageError } from '../output/failure.js'

/** The options of `run` that name files for the gateway. */
export interface RunFiles {
  readonly venue?: string
  readonly risk?: string
  readonly instruments?: string
}

/** What the files give: options of `Gateway.start`, which checks their contents. @throws {UsageError} */
export function readRunFiles({ venue, risk, instruments }: RunFiles): Partial<GatewayOptions> {
  return {
    ...(venue === undefined ? {} : { venue: existing(venue, '--venue') }),
    ...(risk === undefined ? {} : { risk: jsonIn<GatewayOptions['risk']>(risk, '--risk', isObject, 'an object') }),
    ...(instruments === undefined
      ? {}
      : {
          instruments: jsonIn<GatewayOptions['instruments']>(instruments, '--instruments', Array.isArray, 'a list'),
        }),
  }
}

function existing(file: string, option: string): string {
  if (!fs.existsSync(file)) throw new UsageError(`${option}: there is no file ${file}`)
  return path.resolve(file)
}

function jsonIn<T>(file: string, option: string, isRight: (value: unknown) => boolean, what: string): T {
  let value: unknown
  try {
    value = JSON.parse(fs.readFileSync(existing(file, option), 'utf8'))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${option}: ${file} cannot be read as JSON: ${(error as Error).message}`)
  }
  if (!isRight(value)) throw new UsageError(`${option}: ${file} must have ${what}`)
  return value as T
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
