import type { Control } from '../control.ts'

/** Of what agents are shown by others: tools, their answers, and what those lead to. */
export const MCP_CONTROLS: readonly Control[] = [
  {
    id: 'mcp-firewall',
    title: 'Tools of servers are only what policy names, and what was approved',
    layer: 'enforce',
    promise:
      'Nothing passes between a client and an MCP server that can be read in two ways; only named tools are listed and called, after the gate said yes to the call and to every file, host and command in it; arguments and results fit what was advertised; answers that read like attacks, and keys, are not handed on; every request is answered, by an error where by nothing else.',
    limits:
      'It sees what passes, not what a server does: that is for its sandbox. The scanner of texts is a tripwire with measured recall. Who starts a server without it has no firewall.',
    module: 'src/enforce/mcp/session.ts',
    tests: ['test/attacks/mcp.test.ts', 'test/journeys/mcp.test.ts', 'src/enforce/mcp/session.test.ts'],
  },
  {
    id: 'mcp-receipts',
    title: 'Every call of a tool leaves a signed receipt',
    layer: 'record',
    promise:
      'Each call of a session, allowed or refused, is written as a receipt that names the one before and is signed; one that is changed, left out, or moved is found offline, and one that is missing at the end by the head on record.',
    limits:
      'The last calls before the daemon or its MCP process is killed may lack theirs. Who holds the signing key can write others.',
    module: 'src/enforce/mcp/receipts.ts',
    tests: ['src/enforce/mcp/receipts.test.ts', 'test/journeys/mcp.test.ts#receipts of the calls verify'],
  },
  {
    id: 'taint-lasts',
    title: 'What an agent saw of strangers is not forgotten',
    layer: 'enforce',
    promise:
      'An agent that was shown words nobody vouches for is labelled with that, and so is what it writes since; whoever reads it, under another name, as a copy, in a later session or after a restart, has the labels too. They only go when an owner says so, on record; while the book cannot be read every agent counts as tainted.',
    limits:
      'What a hooked agent fetches by a command, or reads by one without naming it, is not seen; what it writes by one is found by the time files changed; what it merely remembers, or writes anew in other words into a file Warder does not see, carries nothing. A label is a warning and a reason to ask, not proof of an attack.',
    module: 'src/enforce/taint/book.ts',
    tests: ['test/attacks/taint.test.ts', 'src/enforce/taint/book.test.ts'],
  },
]
