import Server
import Synchronization
import Venturi
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Engines on scripted models, with three control tokens and one token for each byte.
enum ServerFixtures {
  /// `<|im_start|>`; what comes behind the line that it begins is the model's own.
  static let start: Int32 = 1
  static let end: Int32 = 2
  static let vocabularySize = 259
  /// The token of the byte `x`.
  private static let x = 3 + Int32(TinyLlama.byteAlphabet.firstIndex(of: "x") ?? 0)

  static func tokenizer() throws -> Tokenizer {
    let tokens = TinyLlama.specials + TinyLlama.byteAlphabet
    let types = [Int32](repeating: 3, count: 3) + [Int32](repeating: 1, count: 256)
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: types, special: SpecialTokens(end: Int(end)))
    return try Tokenizer(vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm")
  }

  /// Writes roles, contents, and where there are some the calls and the call that is answered.
  static func template() throws -> ChatTemplate {
    try ChatTemplate(
      compiling: """
        {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] }}\
        {% if message.tool_calls %}{% for call in message.tool_calls %}[{{ call.function.name }} \
        {{ call.function.arguments | tojson }}]{% endfor %}{% endif %}\
        {% if message.tool_call_id %}({{ message.tool_call_id }}){% endif %}{{ '<|im_end|>\n' }}{% endfor %}\
        {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """)
  }

  static func engine(_ model: ScriptedModel, options: EngineOptions = EngineOptions()) throws -> Engine {
    try Engine(model: model, tokenizer: tokenizer(), template: template(), options: options)
  }

  /// A template that lists tools, as ``template()`` else, and tells how they are called by a text that it holds.
  static func template(calling hint: String) throws -> ChatTemplate {
    try ChatTemplate(
      compiling: "{% if tools %}{{ '<|im_start|>tools\n' + (tools | tojson) + '<|im_end|>\n' }}{% endif %}{# \(hint) #}"
        + template().source)
  }

  /// A model that says `text` after the line that begins its turn, then ends; each step takes so many seconds.
  static func saying(
    _ text: String, contextLength: Int = 4096, secondsPerStep: Double = 0
  ) throws -> ScriptedModel {
    let answer = try tokenizer().encode(text)
    let turn = try tokenizer().encode("assistant\n").count
    return ScriptedModel(vocabularySize: vocabularySize, contextLength: contextLength) { history in
      if secondsPerStep > 0 { usleep(UInt32(secondsPerStep * 1e6)) }
      let said = history.count - (history.lastIndex(of: start) ?? 0) - 1 - turn
      var logits = [Float](repeating: 0, count: vocabularySize)
      logits[Int(answer.indices.contains(said) ? answer[said] : end)] = 50
      return logits
    }
  }

  /// A model that says one `x` after the other, a step in 10 ms, and ends when it is told to: what is asked of a server
  /// meanwhile is asked while it talks, however slow the machine is.
  static func talking(until end: Cue = Cue()) -> ScriptedModel {
    ScriptedModel(vocabularySize: vocabularySize, contextLength: 1 << 20) { _ in
      usleep(10_000)
      var logits = [Float](repeating: 0, count: vocabularySize)
      logits[Int(end.isGiven ? Self.end : x)] = 50
      return logits
    }
  }

  /// A model that says what the last message says, then ends; each step takes so many seconds.
  static func echoing(contextLength: Int = 4096, secondsPerStep: Double = 0) throws -> ScriptedModel {
    let (user, turn) = (try tokenizer().encode("user\n").count, try tokenizer().encode("assistant\n").count)
    return ScriptedModel(vocabularySize: vocabularySize, contextLength: contextLength) { history in
      if secondsPerStep > 0 { usleep(UInt32(secondsPerStep * 1e6)) }
      var logits = [Float](repeating: 0, count: vocabularySize)
      let start = history.lastIndex(of: start) ?? 0
      let message = history[..<start]
      let begin = (message.lastIndex(of: Self.start) ?? 0) + 1 + user
      let place = begin + history.count - start - 1 - turn
      logits[Int(place >= 0 && place < message.count ? message[place] : end)] = 50
      return logits
    }
  }

  /// A model that says the user's last message twice, then ends.
  static func repeating() throws -> ScriptedModel {
    let (user, turn) = (try tokenizer().encode("user\n").count, try tokenizer().encode("assistant\n").count)
    return ScriptedModel(vocabularySize: vocabularySize) { history in
      var logits = [Float](repeating: 0, count: vocabularySize)
      let last = history.lastIndex(of: start) ?? 0
      let first = history[..<last].lastIndex(of: start) ?? 0
      let words = history[..<last].dropFirst(first + 1 + user).prefix { $0 != end }
      let said = history.count - last - 1 - turn
      let isOver = words.isEmpty || said < 0 || said >= 2 * words.count
      logits[Int(isOver ? end : words[words.startIndex + said % words.count])] = 50
      return logits
    }
  }

  /// A prompt of `/v1/completions` behind which a model of ``saying(_:contextLength:secondsPerStep:)`` speaks.
  static let prompt = "<|im_start|>assistant\n"
}

/// What one waits for another to say.
final class Cue: Sendable {
  private let given = Atomic<Bool>(false)
  var isGiven: Bool { given.load(ordering: .relaxed) }
  func give() { given.store(true, ordering: .relaxed) }
}
