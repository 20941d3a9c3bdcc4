import { formatBytes } from '../output/units.js'
import { bad, type Check, ok, skipped, softLimit, warn } from './machine.js'

const MIB = 2 ** 20

const openFiles: Check = machine => {
  const limit = softLimit(machine, 'Max open files')
  if (limit === undefined) return skipped('open files', '/proc/self/limits cannot be read')
  const type = 'ulimit -n 65536    # systemd: LimitNOFILE=65536'
  if (limit < 256)
    return bad(
      'open files',
      String(limit),
      'each journal needs five, and Node.js some: opening one will fail with EMFILE',
      type,
    )
  if (limit < 4096)
    return warn(
      'open files',
      String(limit),
      'each journal needs five: a gateway with hundreds of strategies runs out',
      type,
    )
  return ok('open files', limit === Number.POSITIVE_INFINITY ? 'unlimited' : String(limit))
}

const fileSize: Check = machine => {
  const limit = softLimit(machine, 'Max file size')
  if (limit === undefined) return skipped('file size', '/proc/self/limits cannot be read')
  if (limit === Number.POSITIVE_INFINITY) return ok('file size', 'unlimited')
  const type = 'ulimit -f unlimited    # systemd: LimitFSIZE=infinity'
  if (limit < 16 * MIB)
    return bad('file size', formatBytes(limit), 'a page of the default size cannot be created: JournalFullError', type)
  return warn('file size', formatBytes(limit), 'larger pages cannot be created', type)
}

const addressSpace: Check = machine => {
  const limit = softLimit(machine, 'Max address space')
  if (limit === undefined) return skipped('address space', '/proc/self/limits cannot be read')
  if (limit === Number.POSITIVE_INFINITY) return ok('address space', 'unlimited')
  return warn(
    'address space',
    formatBytes(limit),
    'Node.js reserves tens of GiB; mapping a page may fail with ENOMEM',
    'ulimit -v unlimited    # systemd: LimitAS=infinity',
  )
}

const mappings: Check = machine => {
  const count = Number(machine.read('/proc/sys/vm/max_map_count') ?? Number.NaN)
  if (Number.isNaN(count)) return skipped('mappings', '/proc/sys/vm/max_map_count cannot be read')
  if (count < 10_000)
    return warn(
      'mappings',
      String(count),
      'each open journal needs up to four mappings',
      'sysctl -w vm.max_map_count=65530',
    )
  return ok('mappings', String(count))
}

const writeback: Check = machine => {
  const read = (name: string): number => Number(machine.read(`/proc/sys/vm/${name}`) ?? Number.NaN)
  const centisecs = read('dirty_writeback_centisecs')
  const ratio = read('dirty_ratio')
  if (Number.isNaN(centisecs) || Number.isNaN(ratio)) return skipped('writeback', '/proc/sys/vm/dirty_* cannot be read')
  const found = `every ${centisecs / 100} s, writers delayed at ${ratio} % of memory`
  // 'interval' and 'commit' sync by themselves; only journals on disk with 'process' depend on the kernel's writeback.
  if (centisecs === 0)
    return warn(
      'writeback',
      found,
      "never by age: a journal on disk with durability 'process' reaches it only when it is closed or memory fills up",
      'sysctl -w vm.dirty_writeback_centisecs=500',
    )
  if (centisecs > 3000)
    return warn(
      'writeback',
      found,
      "a journal on disk with durability 'process' loses the frames of up to that long at power loss",
      'sysctl -w vm.dirty_writeback_centisecs=500',
    )
  if (ratio > 0 && ratio < 10)
    return warn(
      'writeback',
      found,
      'other writers reach that soon, and then the kernel delays every process that dirties a page, including ours',
      'sysctl -w vm.dirty_ratio=20',
    )
  return ok('writeback', found)
}

export const limitChecks: readonly Check[] = [openFiles, fileSize, addressSpace, mappings, writeback]
