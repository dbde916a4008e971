import type { Handlers } from '../http/app.ts'

/**
 * The question what policy would say to an agent, put by a person at a page. It decides nothing, opens nothing and is no
 * act of that agent: whoever may look may ask it of anybody. Without this the answer would be the one for the person who
 * asks, and an owner may do everything.
 */
export function askedOfAgents(handlers: Handlers): Handlers {
  return {
    ...handlers,
    policyExplain: (input, caller) =>
      handlers.policyExplain(
        input,
        input.as === undefined ? caller : { ...caller, credential: { kind: 'agent', name: input.as } },
      ),
  }
}
