// The platforms that the package has an addon for. The file names are those that src/native/find-addon.ts searches for, as node-gyp-build does.

/** The oldest glibc that the binaries must load with: Debian 8, Ubuntu 14.04, CentOS 7. */
export const GLIBC = '2.17'
/** The oldest macOS that the binaries must load on. */
export const MACOS = '11.0'

export const TARGETS = [
  linux('x64', 'x86_64', 'glibc', `gnu.${GLIBC}`),
  linux('arm64', 'aarch64', 'glibc', `gnu.${GLIBC}`),
  linux('x64', 'x86_64', 'musl', 'musl'),
  linux('arm64', 'aarch64', 'musl', 'musl'),
  darwin('x64', 'x86_64'),
  darwin('arm64', 'aarch64'),
]

function linux(arch, processor, libc, environment) {
  return {
    name: `linux-${arch}-${libc}`,
    os: 'linux',
    arch,
    libc,
    zig: `${processor}-linux-${environment}`,
    file: `prebuilds/linux-${arch}/ticktape.${libc}.node`,
  }
}

function darwin(arch, processor) {
  return {
    name: `darwin-${arch}`,
    os: 'darwin',
    arch,
    libc: undefined,
    zig: `${processor}-macos.${MACOS}`,
    file: `prebuilds/darwin-${arch}/ticktape.node`,
  }
}
