/** Texts of findings may hold words of an agent's: they are cut before they are kept, so that nobody fills a book with them. */
const MOST_TEXT = 500
const MOST_FIELDS = 32

export function textOf(text: string): string {
  const plain = text.toWellFormed()
  return plain.length <= MOST_TEXT ? plain : `${plain.slice(0, MOST_TEXT - 1).toWellFormed()}…`
}

export function bounded(
  evidence: Readonly<Record<string, string | number | boolean>>,
): Record<string, string | number | boolean> {
  const fields = Object.entries(evidence).slice(0, MOST_FIELDS)
  return Object.fromEntries(
    fields.map(([name, value]) => {
      if (typeof value === 'string') return [textOf(name), textOf(value)]
      return [textOf(name), typeof value === 'number' && !Number.isFinite(value) ? String(value) : value]
    }),
  )
}

/** `INC-20260102-030405-0007`: when it was opened, UTC, and which it was. */
export function idOf(at: number, number: number): string {
  const [day = '', time = ''] = new Date(at).toISOString().split('T')
  return `INC-${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${String(number).padStart(4, '0')}`
}
