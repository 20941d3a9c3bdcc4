import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'

/** Whether an address is on this machine: what is sent there does not leave it. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** A socket's address with nothing behind the port. Without encryption only on this machine. @throws {InvalidOptionError} */
export function checkEndpoint(text: string): URL {
  const fail = (why: string): InvalidOptionError =>
    new InvalidOptionError(`an endpoint is an address such as 'wss://ws.okx.com:8443'; ${formatValue(text)} ${why}`)
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw fail('is none')
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw fail('does not begin with ws:// or wss://')
  if (url.username !== '' || url.password !== '')
    throw new InvalidOptionError(
      'an endpoint has no user and no password in it: credentials are given by file or environment',
    )
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '')
    throw fail('has more than a host and a port')
  if (url.protocol === 'ws:' && !isLoopback(url)) throw fail('is not encrypted: ws:// is for this machine only')
  return url
}
