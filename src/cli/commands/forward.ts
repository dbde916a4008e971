import { resolve } from 'node:path'
import { forwardPort, type Forward, type ForwardPlace } from '../../client/forward.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, option } from '../param.ts'

export const forward = command({
  name: 'forward',
  about: 'reach a port that a running agent listens on',
  details: [
    "A server inside a sandbox listens on the sandbox's own loopback, which nobody else can reach. As long as this command runs, 127.0.0.1:PORT out here (or :LOCAL) leads there; it ends with Ctrl-C, with the agent, and with any stop. At most 48 connections at once. It needs resident-exec (warder sandbox probe).",
    'Every user and program of this machine can open a port of its loopback, and so can any web page in a browser here: nobody can be kept out of it. --unix makes a Unix socket instead, which only you can open; it is the stronger way.',
    'What answers there is the agent: treat it as you would a stranger’s web site.',
  ],
  examples: [
    { run: 'warder forward builder 3000', does: 'its dev server, on 127.0.0.1:3000 out here' },
    { run: 'warder forward builder 3000:0', does: 'on any free port, which is printed' },
    {
      run: 'warder forward builder 3000 --unix ~/builder.sock',
      does: 'for you alone: curl --unix-socket ~/builder.sock http://localhost/',
    },
  ],
  args: {
    agent: argument('the running agent, or its run', { completes: 'agent' }),
    port: argument('the port inside, and the port out here if it shall be another', {
      value: 'PORT[:LOCAL]',
    }),
  },
  options: {
    unix: option('listen on this Unix socket instead of a port', { value: 'PATH', completes: 'file' }),
    workspace: option('of its runs, the one that works there', { value: 'DIR', completes: 'file' }),
    reason: option('why, for the record'),
  },
  exits: ['denied', 'missing', 'conflict', 'stopped', 'unavailable'],
  handlesInterrupt: true,
  async run({ agent, port, unix, workspace, reason }, context) {
    const { inside, local } = portsOf(port, unix)
    const at: ForwardPlace = unix === undefined ? { port: local } : { path: resolve(context.cwd, unix) }
    const request = {
      agent,
      port: inside,
      ...(workspace === undefined ? {} : { workspace }),
      ...(reason === undefined ? {} : { reason }),
    }
    const client = await context.client({ start: false })
    const open = await forwardPort(client, request, { at, problem: teller(context, inside) })
    const { run, agent: name } = open.opened
    context.out.result(
      { address: open.address, agent: name, run, port: inside },
      `${open.address} leads to port ${inside} of ${name}; Ctrl-C ends it`,
    )
    return await untilEnded(open, context)
  },
})

async function untilEnded(open: Forward, { signal, out }: Context): Promise<number> {
  if (signal.aborted) open.close()
  signal.addEventListener('abort', () => open.close())
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.once(name, () => open.close())
  const { reason, note } = await open.ended
  if (reason === 'exited') return EXIT.ok
  out.warn(`the forward has ended: ${note ?? reason}`)
  return EXIT.stopped
}

/** `3000`, `3000:8080`, `3000:0`. */
function portsOf(text: string, unix: string | undefined): { inside: number; local: number } {
  const [, inside = '', , local] = /^(\d{1,5})(:(\d{1,5}))?$/.exec(text) ?? []
  const [there, here] = [Number(inside), Number(local ?? inside)]
  if (unix !== undefined && local !== undefined)
    throw usage(`${text} names a port out here, and --unix a socket`)
  if (inside === '' || there < 1 || there > 65_535 || here > 65_535) throw usage(`"${text}" is no port`)
  return { inside: there, local: here }
}

function usage(what: string): CliError {
  return new CliError(CLI_ERRORS, 'USAGE', {
    what,
    fix: 'warder forward AGENT PORT, PORT:LOCAL, or PORT --unix PATH',
  })
}

/** A browser tries again and again: the same problem is told once until something else happens. */
function teller({ out }: Context, port: number): (why: string) => void {
  const told = { last: '' }
  return (why) => {
    if (why === told.last) return
    told.last = why
    out.warn(`a connection to port ${port} inside came to nothing: ${why}`)
  }
}
