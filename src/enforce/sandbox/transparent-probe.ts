import { chmodSync, chownSync, closeSync, readlinkSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import { startBubblewrap, type Machine } from './bubblewrap.ts'
import { diskLookup } from './lookup.ts'
import { bindOf, identityOf } from './tree.ts'
import type { Guarantee, Running } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

const TOOL = '/canary'
/** RFC 6761: nobody's, so that nothing is lost should it ever leave. */
const ALLOWED = 'allowed.invalid'
const REFUSED = 'refused.invalid'
const PORT = 80
const FIX =
  'use a kernel with nf_tables and its nat and redirect (as root: modprobe -a nf_tables nft_chain_nat nft_redir)'

/**
 * Tries, with a proxy of its own, whether a program that knows nothing of proxies gets where the proxy lets it, and
 * nowhere else.
 *
 * @param spec of a canary whose command waits for a line
 */
export async function probeTransparent(
  machine: Machine,
  directory: string,
  spec: SandboxSpec,
): Promise<Guarantee> {
  const socket = join(directory, 'proxy.sock')
  const server = trialProxy()
  try {
    await once(server.listen(socket), 'listening')
    chmodSync(socket, 0o600)
    if (process.getuid?.() === 0) chownSync(socket, spec.host.uid, spec.host.gid)
    const tool = toolPath(machine)
    const network = {
      mode: 'transparent',
      socket,
      identity: identityOf(socket, diskLookup.look(socket)!),
    } as const
    const bind = { ...bindOf(tool, diskLookup.look(tool)!, 'read', 'probe'), path: TOOL }
    return await tryNetwork(machine, { ...spec, network, mounts: [...spec.mounts, bind] })
  } catch (error) {
    return { name: 'transparent-network', inForce: false, why: messageOf(error), fix: FIX }
  } finally {
    server.close()
  }
}

async function tryNetwork(machine: Machine, spec: SandboxSpec): Promise<Guarantee> {
  const run = await startBubblewrap(machine, spec, { runId: newId(), agent: 'probe' })
  run.stdout.resume()
  run.stderr.resume()
  try {
    const [allowed, refused] = await Promise.all([tryName(run, ALLOWED), tryName(run, REFUSED)])
    const holds =
      /^answer=through$/m.test(allowed) &&
      /^connection=yes$/m.test(allowed) &&
      [allowed, refused].every((output) => /^packet=(?!sent)/m.test(output)) &&
      /^name=198\./m.test(refused) &&
      /^connection=(?!yes)/m.test(refused)
    return {
      name: 'transparent-network',
      inForce: holds,
      ...(holds
        ? { why: 'tried: every connection arrives at the proxy, and nothing else is sent' }
        : { why: `tried, and it did not hold: ${JSON.stringify({ allowed, refused })}`, fix: FIX }),
    }
  } finally {
    await run.kill('the probe is over')
    await run.exit
  }
}

async function tryName(run: Running, name: string): Promise<string> {
  const command = await run.exec!({ argv: [TOOL, '--try', name, `${PORT}`], wallMs: 10_000 })
  command.stdin.end()
  command.stderr.resume()
  const [output] = await Promise.all([text(command.stdout), command.exit])
  return output
}

/** The very file that was compared, by the name it has now. */
function toolPath({ programs }: Machine): string {
  const fd = programs!.open('transparent')
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } finally {
    closeSync(fd)
  }
}

/** Lets one name through to nobody but itself. */
function trialProxy(): Server {
  const request = `CONNECT ${ALLOWED}:${PORT} HTTP/1.1\r\nHost: ${ALLOWED}:${PORT}\r\n\r\n`
  return createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (asked) => {
      if (String(asked) !== request) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      socket.once('data', () => socket.end('through'))
      return socket.write('HTTP/1.1 200 OK\r\n\r\n')
    })
  })
}
