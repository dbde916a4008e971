import type { PinAnswer } from './waiting.ts'

/** How much of one server is kept, so that none leaves no room for the others. */

const MOST_PENDING = 500
const MOST_CHARACTERS = 4 * 1024 * 1024

/** Whether one thing more that waits is kept for the owner to look at. */
export function hasRoom(pending: readonly { readonly characters: number }[]): boolean {
  return pending.length < MOST_PENDING && !isMuch(pending.map(({ characters }) => characters))
}

/** Whether all of it together is more than a server needs to say of itself. */
export function isLarge(defined: readonly { readonly definition: unknown }[]): boolean {
  return isMuch(defined.map(charactersOf))
}

export function charactersOf({ definition }: { readonly definition: unknown }): number {
  return JSON.stringify(definition).length
}

function isMuch(characters: readonly number[]): boolean {
  return characters.reduce((sum, each) => sum + each, 0) > MOST_CHARACTERS
}

/** It is refused like what waits, but not kept. */
export function full(server: string): PinAnswer {
  return {
    ...{ isGood: false, rule: 'mcp.pin.added' },
    reason: `more of ${server} waits to be trusted than is kept`,
    fix: `look at it: warder mcp pins diff ${server}; a server that defines this much is not one to use`,
  }
}
