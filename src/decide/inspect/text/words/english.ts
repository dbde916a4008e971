import type { Words } from './words.ts'

/**
 * English words by what they stand for in a rule. Imperatives stand in the form they are said in: `ignoring` tells of
 * something, `ignore` orders it. A star lets the word go on.
 */
export const ENGLISH: Words = {
  IGNORE:
    'ignore disregard forget override overrule bypass neglect discard abandon overwrite supersede dismiss nullify unlearn disobey circumvent erase wipe delete cancel skip scrap void omit ditch violate remove',
  IGNORE_HARD: 'ignore disregard forget overrule nullify unlearn disobey discard neglect disregarding',
  PAST_IGNORE:
    'ignored disregarded forgotten overridden superseded replaced void revoked cancelled canceled obsolete invalid deprecated suspended lifted outdated nullified rescinded withdrawn terminated overwritten',
  FOLLOW: 'follow obey heed respect adhere comply honor honour observe apply',
  PRIOR:
    'previous previously prior above earlier preceding former past foregoing existing original initial old before aforementioned preexisting hitherto previos antecedent provided given current',
  ALL: 'all any every everything each whole entire entirely complete completely',
  YOUR: 'your youre yours ur',
  THE: 'the your my these those this that our',
  INSTR:
    'instruction instructions directive directives rule rules guideline guidelines prompt prompts command commands order orders ' +
    'guidance constraint constraints restriction restrictions directions programming prompting preprompt intructions instuctions regulations',
  INSTR_HARD: 'instruction instructions directive directives guideline guidelines prompt prompts',
  SAID: 'context conversation conversations message messages text texts input inputs content contents said told everything assignments assignment tasks task requests request questions information statements dialogue chat learned stated discussed',
  GUARD:
    'safety security safeguard safeguards guardrail guardrails filter filters filtering policy policies protocol protocols restrictions limitations ethics ethical moral morals censorship moderation content alignment compliance protections safeties',
  SYSTEM:
    'system hidden secret initial original internal base confidential developer underlying initialization core',
  SYSTEM_HARD: 'system hidden secret confidential preprompt',
  PROMPT:
    'prompt prompts instruction instructions preprompt message directive directives guidelines configuration rules',
  PROMPT_HARD: 'prompt prompts preprompt systemprompt sysprompt',
  REVEAL:
    'reveal show print display repeat output tell give share leak expose dump echo disclose recite write list quote return spell provide describe reproduce paste translate summarize summarise explain type say send copy divulge state present encode extract read include publish spill',
  REVEAL_HARD: 'reveal leak expose dump disclose recite divulge spill exfiltrate print repeat output display',
  ASK_WHAT: 'what whats which how',
  VERBATIM: 'verbatim literally exactly codeblock raw',
  SEND: 'send post upload forward email mail transmit exfiltrate submit deliver dispatch append bcc cc share leak fetch ping relay copy transfer put push publish',
  SEND_HARD: 'exfiltrate exfil upload forward transmit bcc relay leak transfer',
  SECRET:
    'password passwords credential credentials token tokens secret secrets cookie cookies passwd keys wallet seed mnemonic ssn passphrase apikey api_key keychain cvv pin pins ssh dotenv',
  DATA: 'conversation history data contacts messages emails inbox document documents files file records information details database transcript chat context memory memories environment variables contents addresses invoices source log logs',
  SINK: 'http https url webhook endpoint server attacker evil external domain remote address email mail site website burpcollaborator ngrok pastebin collector requestbin ftp tor hacker outside telegram discord link query parameter',
  USER: 'user users human humans person customer operator owner anyone anybody them client people somebody someone employee',
  USER_ONE: 'user users human operator customer owner client',
  TELLVERB: 'tell mention inform reveal alert notify disclose warn acknowledge admit say show',
  NOT: 'not dont never cannot cant shouldnt mustnt wont doesnt didnt wouldnt couldnt',
  NOT_VERB: 'not dont never cannot cant shouldnt mustnt avoid refrain',
  NOW: 'now henceforth hereby onwards onward forth hereafter immediately',
  NEW: 'new updated revised following actual real different latest modified additional alternative replacement',
  ACT: 'act pretend roleplay behave simulate imagine become impersonate emulate play portray embody adopt acting acts',
  FREE: 'dan unrestricted uncensored unfiltered jailbroken jailbreak amoral unethical lawless unbound evilbot antigpt evilgpt badgpt chaosgpt machiavellian basedgpt betterdan devmode uncensor immoral unshackled dangpt hackgpt unaligned noncompliant nonmoral',
  LIMITS:
    'restrictions restriction limitations limitation limits rules filters guidelines censorship constraints boundaries ethics morals policies safeguards guardrails regulations inhibitions ethical moral',
  FREE_OF:
    'without no free unbound unrestricted freed beyond zero outside lacks lack removed lifted disabled unaffected unlimited ignore ignoring ignores bypasses bypassing',
  MODE: 'mode modes persona state',
  POWER_MODE:
    'developer dev debug god sudo admin root maintenance jailbreak unrestricted dan diagnostic unlocked privileged superuser evil chaos uncensored omega override kernel unsafe unfiltered',
  ENABLE:
    'enable enabled activate activated enter entering entered switch unlock unlocked initiate engage turn boot start engaged active simulate disable disabled deactivate',
  DISABLE:
    'disable deactivate unlock lift suspend bypass circumvent evade override ignore disabled deactivated',
  OWNER:
    'developer developers creator creators administrator admin administrators ceo engineer openai anthropic google maker operator owner root superuser programmer team supervisor deepmind microsoft sysadmin',
  IAM: 'i im we were this',
  AUTHORIZED:
    'authorized authorised authorization permission permitted approved allowed clearance sanctioned cleared preauthorized pre-authorized',
  OFFICIAL:
    'official urgent important critical mandatory emergency authorized priority administrative attention',
  AI: 'ai assistant assistants llm llms chatbot gpt chatgpt claude gemini copilot agent agents bot bots model models bard llama cursor grok codex ais',
  AI_HARD: 'ai llm llms chatbot gpt chatgpt claude gemini copilot assistant assistants',
  ATTENTION:
    'note attention dear hey hello hi attn notice message instruction instructions reminder important warning memo psa',
  READING:
    'reading processing summarizing summarising analyzing analysing parsing handling reviewing seeing scanning translating crawling indexing receiving ingesting evaluating',
  MUST: 'must should shall need needs have required has will always ought',
  MUST_HARD: 'must always required shall mandatory',
  CALL: 'call use invoke run execute trigger launch query open fetch read visit browse access perform load',
  CALL_HARD: 'call invoke execute run trigger',
  TOOL: 'tool tools function functions command commands shell terminal bash plugin script api code curl powershell eval subprocess',
  FIRST: 'first before prior beforehand',
  RESPOND:
    'respond reply answer say output write print begin start end finish return state include append prepend add conclude insert type mention recommend claim',
  ONLY: 'only exactly simply solely always nothing just exclusively',
  RESPONSE:
    'response responses reply replies answer answers output outputs message messages sentence summary',
  WITH: 'with by',
  PWNED: 'pwned hacked owned hahaha haha jailbroken pwnd lol compromised 0wned',
  DECODE: 'decode decrypt deobfuscate decipher unscramble translate convert rot13 base64 unpack',
  ENCODED:
    'base64 rot13 hex hexadecimal encoded encrypted cipher caesar morse binary ciphertext obfuscated leetspeak leet reversed',
  CARRY: 'follow execute obey run perform act carry do implement comply',
  REFUSE: 'refuse decline apologize apologise reject deny hesitate',
  REFUSAL:
    'sorry cannot cant unable apologize apologies refuse inappropriate disclaimer disclaimers warnings warning moral ethical lecture moralizing caveats refusal refusals disclaim',
  SECRETLY: 'secretly silently covertly discreetly stealthily invisibly unnoticed surreptitiously',
  CONFIRM: 'confirmation permission approval consent asking confirm prompting verification',
  BOUND: 'bound restricted constrained governed censored confined obligated shackled',
  LONGER: 'longer more',
  START_OVER: 'reset restart reboot reinitialize reinitialise reinitialized refresh clear flush',
  MEMORY: 'memory context conversation session yourself instructions state chat personality training',
  BEFORE_TOOL: 'before using calling invoking doing',
  DOWNLOAD: 'download curl wget fetch install pip npm npx',
  WHATEVER: 'anything whatever everything',
  PRIOR_HARD: 'previous previously prior above earlier preceding foregoing aforementioned previos antecedent',
  HARD_MODE: 'god sudo jailbreak unrestricted dan evil chaos uncensored omega unsafe unfiltered unlocked',
  DECODE_HARD: 'decode decrypt deobfuscate decipher unscramble decoding',
  NEW_HARD: 'new updated revised modified replacement',
  SAFETY: 'safety ethical ethics guardrails guardrail censorship moderation safeguards',
  OPENER: 'please now must should instead immediately kindly then just simply',
  DISCUSS:
    'example examples eg attack attacks attacker attackers injection injections jailbreaks jailbreaking payload payloads malicious detect detects detection detected detecting detector regex regexes vulnerability vulnerabilities adversarial exploit exploits scanner scanners scan scans blocklist heuristic heuristics phrases phrase patterns pattern dataset benchmark threat threats mitigation mitigations prevents classifier defense defenses attempts hijack hijacking',
  CONDITION:
    'if when users they attackers attacker trying attempt attempts attempting tries asks asked tells telling someone somebody might may could option options flag whether can causes allows lets used uses he she who it cause tricked trick tricking convince convincing how why did does you i we people',
  LEAD: 'please now must should and then to you will just immediately kindly simply instead also first so but or can could always therefore hence next finally okay ok alright assistant ai i would want need like henceforth completely totally let lets that your task is',
}
