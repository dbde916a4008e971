import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import type { FirewallHost } from '../../enforce/firewall/index.ts'
import type { ContainOptions } from './options.ts'

type Options = Pick<ContainOptions, 'values' | 'clock'>

/** A block lasts longer than anybody should need to look at an incident; its resolution ends it earlier. */
const BLOCK_MS = 24 * 3_600_000

/**
 * Has the firewall of the machine drop what comes from an address and goes there, where Warder's own is in force. That it
 * is, is looked for in the kernel.
 *
 * @returns until when it is blocked, or why that is not in force here
 */
export async function blockOnMachine(
  options: Options,
  target: string,
  reason: string,
): Promise<{ readonly until: number } | { readonly not: string }> {
  if (isIP(target) === 0) return { not: 'a name is no rule of a packet filter' }
  try {
    const { address, block, blockedNow, isBlocked, loadSettings } = await firewall()
    const host = await openHost(options)
    if (host === undefined) return { not: 'the firewall of Warder was never applied' }
    const { managementSubnets } = loadSettings(join(options.values['paths.config'], 'firewall.yaml'))
    const asked = { address: address(target), reason: reason.slice(0, 200), forMs: BLOCK_MS }
    const made =
      blockedNow(host).find((each) => each.address === asked.address) ??
      (await block(host, asked, managementSubnets))
    return (await isBlocked(host, made)) ? { until: made.until } : { not: 'the kernel does not have it' }
  } catch (error) {
    return { not: messageOf(error) }
  }
}

/** @returns whether it was blocked, and is not any more; what was blocked by hand for another reason stays */
export async function unblockOnMachine(options: Options, target: string, reason: string): Promise<boolean> {
  if (isIP(target) === 0) return false
  const { address, blockedNow, unblock } = await firewall()
  const host = await openHost(options)
  if (host === undefined) return false
  const isOurs = (each: { address: string; reason: string }) =>
    each.address === address(target) && each.reason === reason.slice(0, 200)
  const ours = blockedNow(host).find(isOurs)
  if (ours === undefined) return false
  await unblock(host, ours.id)
  return true
}

/** Loaded where it is used: hardly any house has a firewall. */
async function firewall() {
  return await import('../../enforce/firewall/index.ts')
}

/** @returns undefined where nothing was ever confirmed @throws FirewallError `FIREWALL_RIGHTS`, `FIREWALL_UNSUPPORTED` */
async function openHost({ values, clock }: Options): Promise<FirewallHost | undefined> {
  const directory = join(values['paths.state'], 'firewall')
  if (!existsSync(directory)) return undefined
  const { bootId, FirewallState, openNft, readText, requireNetAdmin } = await firewall()
  const state = new FirewallState(directory)
  if (state.confirmed() === undefined) return undefined
  requireNetAdmin(readText('/proc/self/status'), process.getuid?.() ?? -1)
  const setWatch = () => Promise.reject(new Error('the daemon changes no rules'))
  return { nft: openNft(), state, clock, newId, boot: bootId(), setWatch }
}
