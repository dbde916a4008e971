import type { Client } from './connect.ts'
import type { Config } from '../platform/config.ts'
import { settingArguments } from '../platform/config-arguments.ts'

export interface DaemonAccess {
  readonly config: Config
  /** Given to a daemon that must be started. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether to start one when none answers. */
  readonly start: boolean
}

/** How long a daemon that a command started stays without anything to do. */
const IDLE = '30m'

/** Where an agent finds its own socket in its sandbox (WARDER_PATHS_SOCKET says so there). */
const SOCKET_INSIDE = '/run/warder/agent.sock'

/** A client of the daemon this configuration names, started if need be. Loaded late: not every command needs one. */
export async function openClient({ config, environment, start }: DaemonAccess): Promise<Client> {
  const { values, layers } = config
  const [{ connect }, { readSocketSecret }, { ensureDaemon }, { readSession }] = await Promise.all([
    import('./connect.ts'),
    import('../platform/socket-secret.ts'),
    import('./start.ts'),
    import('./session.ts'),
  ])
  // an agent's own socket needs no secret: its place says who it is; and a sandbox starts no daemon
  if (values['paths.socket'] === SOCKET_INSIDE) return connect({ socketPath: SOCKET_INSIDE })
  const client = connect({
    socketPath: values['paths.socket'],
    secret: () => readSocketSecret(values['paths.keys']),
    session: () => readSession(values['paths.runtime']),
  })
  if (!start) return client
  const idle =
    layers['daemon.idle_timeout'][0]?.layer === 'default' ? [`--set=daemon.idle_timeout=${IDLE}`] : []
  await ensureDaemon({
    runtimeDirectory: values['paths.runtime'],
    environment,
    // the daemon works in another directory, so a relative path must go to it resolved
    arguments: [...settingArguments(config, ['flag']), ...idle],
    tryOnce: async () => void (await client.request({ path: '/v1/runs' })),
  })
  return client
}
