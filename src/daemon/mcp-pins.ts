import type { DefinitionInspector, DefinitionKind } from '../decide/inspect/mcp/index.ts'
import { filePinStore, PinBook, type Mac, type Offered, type PinNote } from '../enforce/mcp/pins/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Ledger } from '../record/audit/index.ts'
import type { Acts } from './acts.ts'
import { mcpPinHandlers } from './http/mcp-pins.ts'

export interface McpPinsOptions {
  readonly stateDirectory: string
  readonly mac: Mac
  /** Under which books were sealed before pins had a key of their own. */
  readonly before: Mac
  readonly ledger: Pick<Ledger, 'query'>
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly acts: Acts
  readonly now: () => number
}

const ACTION = 'mcp:pin'

/** The pins of MCP servers: the book the firewall asks, and the calls of its owner. */
export function openMcpPins({
  stateDirectory,
  mac,
  before,
  ledger,
  append,
  lost,
  acts,
  now,
}: McpPinsOptions) {
  // what the record knew when the daemon began; since then this process has seen every change itself
  const known = { book: bookInRecord(ledger) }
  const book = new PinBook({
    store: filePinStore(stateDirectory, mac, before),
    known: () => known.book,
    note: (note) => {
      known.book = Math.max(known.book, note.book)
      void append(pinEvent(note)).catch(lost)
    },
    now,
  })
  const opened: { inspector?: Promise<DefinitionInspector> } = {}
  const look = async (server: string, kind: DefinitionKind, definition: unknown) => {
    const inspector = await (opened.inspector ??= wholeInspector())
    const { verdict, findings, labels } = inspector.inspect(server, kind, definition)
    return { verdict, findings, labels: labels.map(({ name }) => name) } satisfies Offered['seen']
  }
  return { book, handlers: mcpPinHandlers({ book, acts, look }) }
}

/** As the firewall looks, the model included; read when somebody first asks, for few do and it is large. */
async function wholeInspector(): Promise<DefinitionInspector> {
  const { createDefinitionInspector } = await import('../decide/inspect/mcp/index.ts')
  const { createShippedTextScanner } = await import('../decide/inspect/text/index.ts')
  const scanner = createShippedTextScanner()
  return createDefinitionInspector({ textScan: (text) => scanner.scan(text, { channel: 'mcp-metadata' }) })
}

/** The last change the record knows of: the witness against a book that was put back or taken away. */
function bookInRecord(ledger: Pick<Ledger, 'query'>): number {
  const [last] = ledger.query({
    action: ACTION,
    eventType: 'system',
    agent: 'warder',
    order: 'newest',
    limit: 1,
  })
  const book = last?.details['book']
  return typeof book === 'number' ? book : 0
}

const WORDS: Readonly<Record<PinNote['what'], string>> = {
  pinned: 'seen for the first time, and pinned',
  trusted: 'trusted by the owner',
  reset: 'forgotten by the owner',
  refused: 'refused',
}

function pinEvent({ what, server, book, count, by, waiting }: PinNote): GateEvent {
  const isRefused = what === 'refused'
  return {
    event_type: 'system',
    agent: 'warder',
    action: ACTION,
    target: server.slice(0, 200),
    capabilities_used: [],
    decision: isRefused ? 'deny' : '',
    decision_id: '',
    layer: 'mcp',
    permit_id: '',
    reason: (waiting?.reason ?? `${count} definitions ${WORDS[what]}`).slice(0, 500),
    request_id: '',
    result: isRefused ? 'violation' : 'success',
    risk_level: waiting?.grade ?? (what === 'pinned' ? 'low' : 'medium'),
    rule: waiting?.rule ?? `mcp.pin.${what}`,
    details: {
      ...{ book, what, count, by },
      ...(waiting === undefined
        ? {}
        : {
            kind: waiting.kind,
            name: waiting.name.slice(0, 200),
            digest: waiting.digest,
            fields: waiting.changes
              .map(({ field }) => field)
              .join(' ')
              .slice(0, 1000),
          }),
    },
  }
}
