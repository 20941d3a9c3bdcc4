import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { verify, Writer } from 'ticktape'
import { expect, onTestFinished, test } from 'vitest'
import { countFor } from '../faults/program.ts'
import { makeFolder } from '../support/folders.ts'
import { Count, Huge, Pair } from '../support/frames.ts'
import { PAGE_SIZE, startTicktape } from '../support/journals.ts'
import { endOfJournal, HAS_NATS, NatsServer, until } from '../support/nats.ts'
import { pagesOf } from '../support/replicas.ts'
import { skipUnless } from '../support/skips.ts'

/** How often each of publisher, applier and server is killed. */
const KILLS = countFor('TICKTAPE_REPLICATE_KILLS', 5)
const SEED = countFor('TICKTAPE_REPLICATE_SEED', 1)

/** A command that is started again when it was killed; any other end is an error. */
class Command {
  private child: ChildProcess
  private errors = ''

  constructor(private readonly args: readonly string[]) {
    this.child = this.start()
  }

  async killAndRestart(): Promise<void> {
    this.check()
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
    this.child = this.start()
  }

  check(): void {
    if (this.child.exitCode !== null)
      throw new Error(`${this.args.join(' ')} ended with ${this.child.exitCode}: ${this.errors}`)
  }

  async stop(): Promise<number | null> {
    this.check()
    this.child.kill('SIGTERM')
    const [code] = (await once(this.child, 'exit')) as [number | null]
    return code
  }

  private start(): ChildProcess {
    const child = startTicktape(...this.args)
    this.errors = ''
    child.stderr?.on('data', chunk => (this.errors += String(chunk)))
    child.stdout?.resume()
    return child
  }
}

test.skipIf(skipUnless(HAS_NATS, 'replication under kills', 'There is no nats-server'))(
  `publisher, applier and server are killed ${KILLS} times each: nothing is missing, and nothing is there twice`,
  { timeout: 3_600_000 },
  async () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    let seed = SEED
    // Numbers of a Lehmer generator, from 0 to 1.
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const server = await NatsServer.start()
    const writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process' })
    let frames = 0
    const write = (): void => {
      for (let i = 0; i < 40; i++) {
        if (frames % 3 === 0) writer.write(Pair, { n: frames, note: 'x' })
        else writer.write(Count, { n: frames })
        if (++frames % 500 === 0) writer.write(Huge, { n: frames, blob: new Uint8Array(8) })
      }
    }
    write()
    const writing = setInterval(write, 4)
    onTestFinished(() => clearInterval(writing))
    const publisher = new Command(['replicate', 'publish', source, '--to', server.url, '--max-bytes', '16K'])
    const applier = new Command(['replicate', 'apply', replica, '--from', server.url])
    const kills = ['publisher', 'applier', 'server'].flatMap(who => Array.from({ length: KILLS }, () => who))
    while (kills.length > 0) {
      await sleep(random() * 400)
      publisher.check()
      applier.check()
      const [who] = kills.splice(Math.floor(random() * kills.length), 1)
      if (who === 'publisher') await publisher.killAndRestart()
      else if (who === 'applier') await applier.killAndRestart()
      else {
        await server.kill()
        // Sometimes it is away for longer.
        await sleep(random() * 200)
        await server.start()
      }
    }
    clearInterval(writing)
    const end = writer.position
    writer.close()
    await until('the replica has all frames', () => {
      publisher.check()
      applier.check()
      return endOfJournal(replica) === end
    })
    expect([await publisher.stop(), await applier.stop()]).toEqual([0, 0])
    expect(pagesOf(replica)).toEqual(pagesOf(source))
    expect((await verify(replica, { deep: true })).findings).toEqual([])
    console.log(`${frames} frames on ${pagesOf(source).length} pages`)
  },
)
