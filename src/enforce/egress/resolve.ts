import { promises as dns } from 'node:dns'
import { systemCode } from '../../core/error.ts'

/** Finds the addresses of a name; nobody else in Warder asks for names on behalf of an agent. Empty: there are none. */
export type Resolve = (name: string, signal: AbortSignal) => Promise<readonly string[]>

const NOBODY: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'NODATA', 'NOTFOUND'])

/** As this machine finds names: its hosts file, its resolver. */
export function systemResolve(): Resolve {
  return local(async (name) =>
    (await found(dns.lookup(name, { all: true, verbatim: true }))).map(({ address }) => address),
  )
}

/**
 * By these servers alone, `192.0.2.53` or `192.0.2.53:5353`; no search list, no hosts file.
 *
 * @throws when one of them is no address
 */
export function serverResolve(servers: readonly string[]): Resolve {
  const make = () => {
    const resolver = new dns.Resolver({ timeout: 2000, tries: 2 })
    resolver.setServers(servers)
    return resolver
  }
  make()
  return local(async (name, signal) => {
    const resolver = make() // one each, so that cancelling ends this question and no other
    const cancel = () => resolver.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return (await Promise.all([found(resolver.resolve4(name)), found(resolver.resolve6(name))])).flat()
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  })
}

/** RFC 6761, section 6.3: these names stand for this machine, and no server is asked about them. */
function local(ask: Resolve): Resolve {
  return async (name, signal) =>
    name === 'localhost' || name.endsWith('.localhost') ? ['127.0.0.1', '::1'] : await ask(name, signal)
}

async function found<T>(asking: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await asking
  } catch (error) {
    if (NOBODY.has(systemCode(error) ?? '')) return []
    throw error
  }
}
