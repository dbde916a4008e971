/** What one small task may use up, by the kind of work it is; the kinds are those of the setting `agent.mode`. */
const USUAL = {
  standard: { steps: 30, toolCalls: 80, tokens: 32_000, seconds: 600, files: 20, outputBytes: 1024 * 1024 },
  offline: { steps: 20, toolCalls: 50, tokens: 32_000, seconds: 300, files: 20, outputBytes: 1024 * 1024 },
  sensitive: { steps: 10, toolCalls: 20, tokens: 16_000, seconds: 120, files: 5, outputBytes: 512 * 1024 },
} as const

export type Like = keyof typeof USUAL
export const LIKES = ['standard', 'offline', 'sensitive'] as const satisfies readonly Like[]

type Limits = Readonly<Record<string, number | undefined>>

/** The limits that were given, over those of the kind of work, if one was named. */
export function limitsLike(like: Like | undefined, given: Limits): Record<string, number> {
  const usual: Limits = like === undefined ? {} : USUAL[like]
  const named = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...usual, ...Object.fromEntries(named) } as Record<string, number>
}
