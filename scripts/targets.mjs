// The platforms that the package has an addon for. Names of files are those that node-gyp-build looks for, and src/native/find-addon.ts.

/** The oldest C library of GNU that the binaries must load with: Debian 8, Ubuntu 14.04, CentOS 7. */
export const GLIBC = '2.17'
/** The oldest macOS. */
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
