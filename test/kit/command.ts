import { Readable } from 'node:stream'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { runCli } from '../../src/cli/run.ts'
import { openClient, type DaemonAccess } from '../../src/client/open.ts'
import type { Client } from '../../src/client/connect.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { settingArguments } from '../../src/platform/config-arguments.ts'
import { ensureDaemon } from './daemon.ts'
import { resultOf, type House, type Result, type RunOptions } from './house.ts'

/** The command line in this process; see `House.command`. */
export async function command(
  house: House,
  args: readonly string[],
  { input = '', cwd = house.workspace, env = {} }: Omit<RunOptions, 'timeoutMs'> = {},
): Promise<Result> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  const into = (parts: Buffer[]) => ({ write: (said: string | Uint8Array) => parts.push(Buffer.from(said)) })
  const code = await runCli(args, {
    env: { ...house.environment, ...env },
    cwd,
    home: house.home,
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout: into(stdout),
    stderr: into(stderr),
    clock: systemClock,
    signal: new AbortController().signal,
    registry: COMMANDS,
    openClient: (access) => openTo(house, access),
  })
  const said = (parts: Buffer[]): string => Buffer.concat(parts).toString()
  return resultOf({ code, signal: null, stdout: said(stdout), stderr: said(stderr) })
}

/** The daemon behind it is the one that is shipped, whoever starts it. */
async function openTo(house: House, access: DaemonAccess): Promise<Client> {
  const client = await openClient({ ...access, start: false })
  if (!access.start) return client
  const ask = () => client.request({ path: '/v1/runs' })
  await ensureDaemon(house, settingArguments(access.config, ['flag']), ask, access.environment)
  return client
}
