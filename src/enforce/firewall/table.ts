import { forwardChain, inboundSets, inputChain, spoofChain } from './inbound.ts'
import type { Table } from './model.ts'
import { outputChain, type UserIds } from './outbound.ts'
import type { FirewallSettings } from './settings.ts'

/** The firewall the settings ask for, as plain data; nothing is looked at or changed. */
export function tableOf(settings: FirewallSettings, ids: UserIds): Table {
  return {
    sets: inboundSets(settings),
    chains: [spoofChain(), inputChain(settings), forwardChain(settings), outputChain(settings, ids)],
  }
}

/** What the owner should know before applying it; none of it is wrong. */
export function notesOn(settings: FirewallSettings, ids: UserIds, isRouting: boolean): string[] {
  const { managementSubnets, outbound, forward, resolvers } = settings
  return [
    ...(managementSubnets.length === 0
      ? ['management ports are closed: set management.subnets to open them to your network']
      : []),
    ...(outbound === 'closed' && ids.outbound.length === 0
      ? ['nobody may open connections to the outside: name the user of the egress proxy in outbound.users']
      : []),
    ...(outbound === 'closed' && ids.outbound.length > 0 && resolvers.length === 0
      ? ['those who may leave may ask any resolver: name yours in outbound.resolvers']
      : []),
    ...(outbound === 'open' ? ['every program may connect to the outside: outbound.mode is open'] : []),
    ...(forward === 'closed' && isRouting
      ? ['this machine passes packets on (containers?), and forward: closed will end that']
      : []),
  ]
}
