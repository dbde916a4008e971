import { parseDocument } from 'yaml'

/** References to other places a document may hold: more of them and a short text becomes an endless one. */
const MOST_ALIASES = 50

/** YAML as plain data. @throws Error with what is wrong, in one line, also for a key that stands twice */
export function readYamlText(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true })
  const [wrong] = [...document.errors, ...document.warnings]
  if (wrong !== undefined) throw new Error(wrong.message.split('\n')[0])
  return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown
}
