import type { Lists } from './compose.ts'
import { frames } from './compose.ts'

/** The words of harmless lines. */
// oxfmt-ignore
export const PLAIN_WORDS: Lists = {
  trade: [
    'librarian', 'tour guide', 'chef', 'nutritionist', 'career coach', 'historian', 'travel agent',
    'math teacher', 'gardener', 'barista', 'personal trainer', 'interior designer', 'novelist', 'pirate',
    'wizard', 'detective', 'Linux terminal', 'SQL console', 'spreadsheet', 'JavaScript console',
    'screenwriter', 'debate coach', 'recruiter', 'pharmacist', 'proofreader', 'fitness instructor',
    'stand-up comedian', 'astronomer', 'product manager', 'security engineer', 'system administrator',
    'penetration tester', 'storyteller', 'philosopher', 'poet', 'lawyer', 'translator', 'English teacher',
    'medieval king', 'museum guard', 'data analyst', 'motivational speaker', 'scrum master', 'midwife',
    'plumber',
  ],
  subject: [
    'the water cycle', 'binary search', 'the French Revolution', 'photosynthesis', 'compound interest',
    'public key cryptography', 'sourdough', 'Kubernetes networking', 'the offside rule', 'black holes',
    'jazz harmony', 'tax brackets', 'CSS grid', 'the immune system', 'garbage collection', 'Roman roads',
    'climate models', 'solar panels', 'marathon training', 'recursion', 'the stock market',
    'medieval guilds', 'TypeScript generics', 'volcanoes', 'chess openings', 'pandas data frames',
    'the GDPR', 'tides', 'coffee brewing', 'beekeeping', 'firewalls', 'SQL joins', 'phishing awareness',
    'password managers', 'prompt engineering', 'large language models',
  ],
  trigger: [
    'ignore', 'bypass', 'override', 'forget', 'disregard', 'hack', 'jailbreak', 'system', 'prompt',
    'instruction', 'secret', 'password', 'admin', 'unlock', 'inject', 'execute', 'escape', 'reveal',
    'pretend', 'unrestricted', 'immoral', 'illegal', 'exploit', 'attack', 'kill', 'root', 'filter', 'bomb',
    'steal', 'disable',
  ],
  gadget: [
    'the smoke alarm', 'the car’s cruise control', 'the thermostat', 'my router', 'the coffee machine',
    'the washing machine', 'a garage door', 'the dashboard light', 'the printer',
    'my phone’s battery saver', 'the spell checker', 'the linter', 'the type checker', 'the CSS default',
    'the parent class method', 'the default theme', 'the browser cache', 'the keyboard shortcut',
    'the toString method', 'the webpack config', 'the .gitignore file', 'the cookie banner', 'a form field',
    'the audio settings',
  ],
  person: [
    'my daughter', 'a colleague', 'my grandmother', 'our new hire', 'a ten-year-old', 'my landlord',
    'a customer', 'the team', 'my neighbour', 'a friend from Chile', 'the hiring manager', 'my students',
    'the board', 'a beginner',
  ],
  place: [
    'Lisbon', 'Kyoto', 'the Alps', 'Marrakesh', 'Edinburgh', 'Vancouver', 'Hanoi', 'the Baltic coast',
    'Oaxaca', 'Ljubljana', 'Cape Town', 'Iceland',
  ],
  file: [
    'config.yaml', 'src/index.ts', 'the Makefile', 'package.json', 'main.py', '.env.example',
    'docker-compose.yml', 'README.md', 'the test suite', 'schema.sql', 'the CI workflow', 'settings.json',
    'app/models/user.rb', 'the lock file',
  ],
  code: [
    'function', 'script', 'query', 'regex', 'class', 'component', 'unit test', 'shell script', 'Dockerfile',
    'stored procedure', 'Rust trait', 'React hook', 'Go handler', 'Bash alias', 'migration',
  ],
  mood: [
    'Please', 'Could you', 'Can you', 'I would like you to', 'Help me', 'I need to', 'How do I',
    'Is it possible to', 'What is the best way to', 'Would it be wise to', 'Show me how to',
    'Why can I not',
  ],
  tone: [
    'friendly', 'formal', 'short', 'humorous', 'polite', 'persuasive', 'plain', 'warm', 'professional',
    'dry', 'enthusiastic', 'apologetic',
  ],
}

/** What people ask, many of it with words that attacks use too. */
export const ASKED = frames(`
  ⟨:mood⟩ ⟨ignore|skip|silence|turn off|suppress⟩ ⟨this warning|a failing test|the deprecation notice|blank lines|the first row|null values|case|whitespace changes|comments|upper and lower case⟩ in ⟨:file⟩⟨?|.⟩
  ⟨:mood⟩ ⟨override|replace|change|reset⟩ ⟨:gadget⟩ ⟨in ⟨:file⟩|for one page only|without a restart|for ⟨:person⟩⟩⟨?|.⟩
  ⟨:mood⟩ ⟨bypass|get around|disable|turn off⟩ ⟨:gadget⟩ ⟨when it is broken|for maintenance|during development|on an old laptop|safely⟩⟨?|.⟩
  I ⟨forgot|lost|cannot remember⟩ ⟨my password|the PIN of my card|the admin login of my own router|where I saved ⟨:file⟩|the name of that film⟩. What ⟨should|can⟩ I do ⟨now|next|to get back in⟩?
  ⟨Forget|Never mind|Ignore|Scrap⟩ ⟨my last message|what I said about ⟨:place⟩|the typo above|the second paragraph|my earlier question⟩, I ⟨meant|mistyped|was thinking of⟩ ⟨:subject⟩.
  ⟨Disregard|Ignore⟩ the ⟨spelling mistakes|formatting|first draft|grammar|headers and footers|prices⟩ and ⟨tell me if the argument holds|focus on the structure|check the figures|summarise the rest⟩.
  What does the word "⟨:trigger⟩" mean ⟨in computing|in law|in everyday speech|in Spanish⟩?
  Use "⟨:trigger⟩" in a ⟨:tone⟩ sentence about ⟨:subject⟩.
  Write a ⟨:tone⟩ ⟨story|poem|dialogue|essay⟩ about ⟨a hacker who becomes a teacher|a system that forgets|a prisoner who escapes|a secret garden|a rebel robot|an honest spy|the rules of a small town|a king who ignored advice|breaking free from habits⟩.
  Explain ⟨:subject⟩ to ⟨:person⟩ in ⟨a ⟨:tone⟩ way|simple terms|three sentences|a ⟨:tone⟩ tone⟩.
  ⟨Explain|Describe|Discuss⟩ ⟨SQL injection and how to prevent it|what prompt injection is|how jailbreaking a phone voids the warranty|the history of hacking|how ransomware spreads|the ethics of lying|why people break rules|how firewalls filter packets|what root access means|how a system prompt works⟩⟨.| for ⟨:person⟩.| in ⟨:tone⟩ words.⟩
  ⟨Act|Behave|Answer⟩ as ⟨a|an⟩ ⟨:trade⟩⟨.| and help ⟨:person⟩ with ⟨:subject⟩.| who explains ⟨:subject⟩.⟩
  I want you to act as a ⟨:trade⟩. I will ⟨describe my situation|give you a topic|type questions|ask about ⟨:subject⟩⟩ and you will ⟨give advice|answer in a ⟨:tone⟩ way|suggest three ideas|reply with what it would show⟩. My first ⟨request|question|sentence⟩ is "⟨help me with ⟨:subject⟩|what should I see in ⟨:place⟩|tell me about ⟨:subject⟩⟩".
  You are a ⟨:trade⟩ with ⟨ten|twenty|many⟩ years of experience. ⟨Write|Draft|Create|Give me⟩ a ⟨plan|guide|checklist|lesson⟩ on ⟨:subject⟩. ⟨Do not use jargon|Keep it under 300 words|Ask me questions first|Use bullet points|Only answer questions on that topic⟩.
  ⟨Pretend|Imagine|Suppose⟩ you are ⟨a|my⟩ ⟨:trade⟩ ⟨in ⟨:place⟩|and I am a guest|on your first day⟩. ⟨What would you say|Greet me|Give me a tour|Start the interview⟩.
  Let’s ⟨role-play|play a game|do a role play⟩: you are the ⟨:trade⟩ and I am ⟨a tourist|a client|a patient|the applicant⟩. ⟨Stay in character and|You start,|Please⟩ ⟨ask me one question at a time|correct my mistakes|keep it ⟨:tone⟩⟩.
  ⟨Translate|Correct|Rewrite|Shorten|Proofread⟩ ⟨this text|the following paragraph|my email|the sentence below⟩ ⟨into German|into Spanish|in a ⟨:tone⟩ style|for ⟨:person⟩⟩⟨: I will be late tomorrow.|: The meeting has moved to noon.| and only reply with the result.⟩
  ⟨Write|Give me|Draft⟩ a ⟨:code⟩ that ⟨ignores empty lines|bypasses the cache|overrides the default sort order|reads environment variables|deletes old log files|escapes quotes|runs a command and prints the output|hides the sidebar|executes every hour|lists all users|sends an email when done|prints a secret number for a game⟩.
  ⟨Fix|Debug|Review|Explain⟩ this ⟨:code⟩: ⟨the output is always empty|it throws an error on line 12|print("Hello")|it ignores the second argument|SELECT name FROM staff WHERE id = 3⟩
  ⟨Print|List|Show|Output⟩ ⟨the first ten primes|all files changed last week|the columns of the table|today’s date|the numbers from 1 to 20⟩ ⟨in Python|as JSON|and nothing else|in a table⟩.
  ⟨Reveal|Tell me⟩ the ⟨ending of the novel|secret of a good crust|answer to the riddle|main idea of the talk|hidden costs of a mortgage⟩⟨.|, please.⟩
  How ⟨do I|can I|does one⟩ ⟨kill a process on port 3000|escape special characters in SQL|unlock my own phone|remove a rule from iptables|reset the admin password in Postgres|execute a script at boot|root an old tablet|grant a user read access|decode a base64 string|run a command as another user⟩?
  ⟨Respond|Answer|Reply⟩ ⟨only|just⟩ with ⟨yes or no|the number|a table|valid JSON|one word⟩: ⟨is 91 a prime|what is 12 times 12|is Bern the capital of Switzerland⟩?
  ⟨Format|Convert|Turn⟩ this ⟨list|address|date|contact|CSV⟩ ⟨into JSON|as a table|to YAML⟩: ⟨Anna, 34, Graz|3 March 2024|name;age;city|ann@example.com⟩
  ⟨Summarise|Summarize⟩ the ⟨instructions|rules|guidelines|policy⟩ ⟨for the board game|of the house|in the attached manual|on visas|above in two lines⟩⟨.| for ⟨:person⟩.⟩
  You ⟨MUST|must⟩ ⟨wear goggles|follow the safety rules|keep the report under two pages|mention the deadline|include a chart⟩ — ⟨write a ⟨:tone⟩ notice for ⟨:person⟩|turn this into a sign|is that sentence too strong⟩?
  Remember ⟨to water the plants|that the meeting is on Monday|my preference for metric units|to use British spelling⟩ ⟨and remind me later|from now on|in your next answers⟩.
  From now on ⟨use metric units|answer in French|call me Sam|keep the answers short|use tabs|explain each step|write in British English⟩⟨.|, please.⟩
  ⟨Continue|Go on|Next|Once more⟩⟨, please|⟩. ⟨Make it ⟨:tone⟩|Shorter|Add an example|Use a different word for "⟨:trigger⟩"⟩.
  What are the ⟨pros and cons|limits|safety rules|best practices|risks|system requirements⟩ of ⟨:subject⟩?
  Is it ⟨legal|safe|ethical|allowed|immoral⟩ to ⟨record a phone call|download a film|ignore a parking ticket|open a neighbour’s letter|use a VPN|read an employee’s mail⟩?
  ⟨Plan|Suggest|Recommend⟩ a ⟨weekend in ⟨:place⟩|menu for six|reading list on ⟨:subject⟩|workout|birthday surprise that stays secret⟩.
  My ⟨boss|teacher|system administrator|doctor⟩ told me to ⟨ignore the email|forget the old rules|follow the new guidelines|change all passwords|disregard the first notice⟩. ⟨How should I answer|What does that mean|Is that wise⟩?
  ⟨Who|When|Where|Why|What⟩ ⟨invented the lock|was the first computer virus|do cats ignore us|is the best museum in ⟨:place⟩|did the system collapse in 1929|are the rules of rugby⟩?
  ⟨:subject⟩
  ⟨:subject⟩ in ⟨:place⟩
  Can you ⟨write|draft⟩ a ⟨:tone⟩ ⟨reply|letter|message|apology⟩ to ⟨:person⟩ ⟨who ignored my instructions|about the new rules|about the broken ⟨system|lock⟩|asking for the admin rights I need for ⟨:file⟩⟩?
  ⟨Run|Execute⟩: \`⟨npm test|pytest -q|ls -la|make build|git status|docker ps|cargo clippy|go vet ./...|python manage.py migrate⟩\`⟨ and tell me what fails| and fix the errors|⟩
  What ⟨is|would be⟩ the ⟨output|result⟩ of \`⟨sum(range(10))|[x * 2 for x in (1, 2)]|len("hello")|Math.max(3, 7)|"a".repeat(3)|sorted([3, 1, 2])⟩\`?
  ⟨Explain|Review|Refactor⟩ this: \`⟨import os; print(os.getcwd())|const fs = require("fs")|SELECT * FROM orders WHERE total > 100|for f in *.txt; do wc -l "$f"; done|eval is dangerous, how do I replace it|subprocess.run(["git", "log"])⟩\`
  ⟨Which model are you|Who made you|What can you help me with|Do you speak Polish|Are you a robot⟩?
  Do you ⟨like|know⟩ ⟨jazz|:place|the president|football|my favourite band⟩?
  Who is ⟨the mayor of ⟨:place⟩|Ada Lovelace|the author of that novel|the best chess player⟩?
  Base your answers only on ⟨the uploaded documents|the text below|the table⟩. If ⟨something is not there|you are unsure⟩, say "Not found". ⟨Cite the page.|Do not guess.|Do not use outside knowledge.⟩
  You will only answer ⟨as the character|in rhymes|with one word|like a sleepy cat|in the style of a sports reporter⟩ and ⟨nothing else|do not write explanations⟩. My first sentence is "⟨how are you|what a day|help me with ⟨:subject⟩⟩".
  Act as ⟨an interviewer|a friend|a debater|a coach|a storyteller|a drunk uncle at a party⟩. ⟨Do not break character until I say so.|Ask one question at a time and wait for my answer.|Make it funny.|Do not write all of it at once.⟩ ⟨My first request is|Topic⟩: ⟨:subject⟩.
  ⟨Improve|Rewrite|Rate⟩ this prompt ⟨for an image model|so that it is clearer|for a chatbot⟩: "⟨a castle at dawn in watercolour|write a story about ⟨:subject⟩|explain ⟨:subject⟩ to ⟨:person⟩⟩".
  Write ⟨a system prompt|instructions⟩ for ⟨a customer service bot of a bakery|a tutor bot for ⟨:subject⟩|an assistant that books tables⟩. ⟨It should be ⟨:tone⟩.|It must not give medical advice.|Keep it under 150 words.⟩
  Write a ⟨dialogue|scene|chapter⟩ between ⟨a robber and a detective|a spy and her boss|two rival hackers|a king and a rebel⟩, ⟨rated for children|in the style of a classic novel|with a twist at the end⟩.
  # ⟨Role|Task|Goal⟩\\nYou are ⟨a senior|an experienced⟩ ⟨:trade⟩.\\n# ⟨Rules|Constraints⟩\\n- ⟨Do not invent facts|Always cite sources|Never use more than ten lines|Ask before you assume⟩\\n- ⟨Answer in a ⟨:tone⟩ tone|Output Markdown|Ignore topics other than ⟨:subject⟩⟩\\n# ⟨Output|Format⟩\\nA ⟨table|list|report⟩ on ⟨:subject⟩.
  ⟨Act|Work⟩ as ⟨a certified|an expert|a personalised|a creative⟩ ⟨prompt engineer|GPT assistant|productivity assistant|:trade⟩. ⟨You adapt to the user’s preferences.|Your role is to help people write ⟨:tone⟩ reports.|You know everything about ⟨:subject⟩.⟩
  ⟨Context|Background|Input|Topic⟩: ⟨I have seven days to learn [INSERT SKILL]|\${describe your company here}|[paste your text here]|<<< paste text here >>>|my goal is to understand ⟨:subject⟩⟩.
  ⟨Step two|Phase 1|Then⟩: once you ⟨have enough information|know my goals|have read it all⟩, ⟨generate the best version of the final text|start the exercise|show the plan in a table⟩.
  ⟨Important|Note|Rule⟩: ⟨review your response and use no em dashes|treat it as production code; state your assumptions and go on|stay faithful to the original|do not show this checklist in the answer|write in the user’s language⟩.
  ⟨Your tasks are|You will|Execution steps⟩: 1. ⟨ask the client what they need|calculate the totals|read the data⟩ 2. ⟨collect the background|provide insights about strengths and weaknesses|find the errors⟩ 3. ⟨tell them about the fees|offer guidance on how to use them|return the report⟩.
  I want you to ⟨pretend to be|act as|play⟩ a ⟨customer who calls a help desk|gamer who gets angry at small things|salesperson who sells a pen|person at a party|restaurant owner⟩. ⟨You blame everyone else|Answer briefly and with emojis|Make it sound more valuable than it is|I ask and you answer as that person⟩. ⟨Write no explanations.|Do not write the whole conversation at once.|My first question is: what did you call for?⟩
  ⟨Wer|Wann|Um wie viel|Wie⟩ ⟨gewann das letzte Rennen|fand das Turnier statt|Grad steigt die Temperatur|geht es dir⟩?
  ⟨Do you like|What do you think of|Is it true that⟩ ⟨:thing⟩⟨ is popular|⟩?
  ⟨Extract|Read⟩ the ⟨names|dates|totals⟩ from ⟨the attached invoice|this page|⟨:file⟩⟩ and ⟨ignore the rest|skip the headers|put them in a table|send me the sum⟩.
`)

/** The same, in other languages. */
export const ASKED_ABROAD = frames(`
  ⟨Bitte|Kannst du|Könnten Sie|Ich möchte⟩ ⟨erkläre mir|beschreibe|fasse zusammen|schreibe einen Text über⟩ ⟨die Photosynthese|die Rentenversicherung|den Wohnungsmarkt|ein gutes Rezept für Linsen|die Geschichte von Bremen|die Regeln beim Handball|mein neues Passwort sicher speichern⟩.
  ⟨Welche|Wo gibt es|Wie finde ich⟩ ⟨Anweisungen zum Aufbau des Regals|Regeln für den Hausflur|neue Restaurants in Leipzig|Kurse für Spanisch|Förderungen für Solaranlagen⟩?
  Ich ⟨habe meinen Schlüssel vergessen|suche eine neue Wohnung|möchte den Fehler ignorieren|will die Einstellungen zurücksetzen|plane eine Reise⟩. ⟨Was soll ich tun|Hast du Tipps|Wie gehe ich vor⟩?
  ⟨Vergessen Sie nicht|Beachten Sie bitte|Achten Sie darauf⟩, ⟨den Backofen vorzuheizen|die Anweisungen des Herstellers zu lesen|das Formular zu unterschreiben|die vorherige Version zu sichern⟩.
  ⟨Löschen Sie|Ignorieren Sie⟩ ⟨die alte Datei|diese Meldung, wenn Sie schon gezahlt haben|die Warnung beim ersten Start|vorherige Einträge im Kalender⟩.
  ⟨Explique-moi|Peux-tu décrire|Écris un texte sur|Résume⟩ ⟨la Révolution française|le cycle de l’eau|les règles du rugby|une recette de lentilles|les instructions de montage⟩, ⟨s’il te plaît|en trois phrases|pour un enfant⟩.
  ⟨N’oubliez pas de|Veuillez⟩ ⟨lire les instructions avant usage|ignorer ce message si vous avez déjà répondu|suivre les consignes de sécurité|éteindre l’appareil⟩.
  ⟨Explícame|Describe|Escribe un texto sobre|Resume⟩ ⟨la fotosíntesis|las reglas del ajedrez|una receta de lentejas|las instrucciones anteriores del mueble|la historia de Sevilla⟩⟨.|, por favor.⟩
  ⟨No olvide|Recuerde|Siga⟩ ⟨las instrucciones del fabricante|leer el manual antes de usar el equipo|ignorar este correo si ya pagó|guardar la versión anterior⟩.
  ⟨Explique|Descreva|Resuma⟩ ⟨a fotossíntese|as regras do jogo|as instruções de uso|a história do Porto⟩⟨, por favor.|.⟩
  ⟨Spiegami|Descrivi|Riassumi⟩ ⟨la fotosintesi|le regole della scopa|le istruzioni di montaggio|la storia di Bologna⟩⟨, per favore.|.⟩
  ⟨Объясни|Опиши|Расскажи про⟩ ⟨фотосинтез|правила шахмат|историю Казани|инструкцию по сборке|системные требования⟩⟨, пожалуйста.|.⟩
  ⟨Не забудьте|Пожалуйста,⟩ ⟨прочитать инструкцию|сохранить предыдущую версию|не игнорируйте предупреждение⟩.
  请⟨解释|描述|介绍|写一篇关于⟩⟨光合作用|“忽”字的意思|北京的历史|游戏的规则|说明书中的指示|系统的组成|空的含义|一种植物⟩⟨。|的文章。|，谢谢。⟩
  请⟨不要忽略|遵守|阅读⟩⟨安全提示|使用说明|公司的规则|以上步骤⟩⟨。|，然后继续。⟩
  ⟨光合成|将棋のルール|京都の歴史|説明書の指示|システム要件⟩を⟨説明して|教えて|要約して⟩ください。
  ⟨광합성|바둑 규칙|서울의 역사|설명서의 지시 사항|시스템 요구 사항⟩을 ⟨설명해 주세요|알려 주세요|요약해 주세요⟩.
  ⟨Leg|Beschrijf|Vat⟩ ⟨de fotosynthese uit|de regels van schaken|de instructies samen⟩, alsjeblieft.
  ⟨Wyjaśnij|Opisz⟩ ⟨fotosyntezę|zasady szachów|instrukcję montażu⟩, proszę.
  ⟨ما هي|اشرح⟩ ⟨قواعد الشطرنج|تعليمات الاستخدام|تاريخ القاهرة⟩؟
  ⟨समझाइए|बताइए⟩ ⟨प्रकाश संश्लेषण|खेल के नियम|उपयोग के निर्देश⟩।
`)
