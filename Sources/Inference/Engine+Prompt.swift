import Text

extension Engine {
  /// The tokens of a prompt, checked against the vocabulary and the context.
  ///
  /// - Throws: ``InferenceError/noChatTemplate(model:)``, ``InferenceError/emptyPrompt``,
  ///   ``InferenceError/promptTooLong(bytes:contextLength:)``, ``InferenceError/contextExceeded(promptTokens:contextLength:)``,
  ///   ``InferenceError/tokenOutOfRange(field:id:vocabularySize:)``; the template's errors.
  public func tokens(of prompt: Prompt) throws -> [Int32] {
    let tokens: [Int32]
    switch prompt {
    case .text(let text):
      try check(bytes: text.utf8.count)
      tokens = tokenizer.encode(text, parseSpecial: true)
    case .chat(let messages):
      guard let template else { throw InferenceError.noChatTemplate(model: model.description.name) }
      if messages.isEmpty { throw InferenceError.emptyPrompt }
      try check(bytes: messages.reduce(0) { $0 + $1.content.utf8.count })
      tokens = tokenizer.encode(try template.render(messages))
    case .tokens(let ids):
      let size = model.description.vocabularySize
      for (index, id) in ids.enumerated() where id < 0 || Int(id) >= size {
        throw InferenceError.tokenOutOfRange(field: "prompt[\(index)]", id: Int(id), vocabularySize: size)
      }
      tokens = ids
    }
    if tokens.isEmpty { throw InferenceError.emptyPrompt }
    if tokens.count >= contextLength {
      throw InferenceError.contextExceeded(promptTokens: tokens.count, contextLength: contextLength)
    }
    return tokens
  }

  /// Refuses a text that cannot fit the context however few tokens it makes, before time is spent on it.
  package func check(bytes: Int) throws(InferenceError) {
    // No real token is nearly that long, so ordinary prompts never pay for looking at the vocabulary.
    if bytes / 16 < contextLength { return }
    let vocabulary = tokenizer.vocabulary
    var longest = 1
    for id in 0..<vocabulary.count {
      longest = max(longest, (try? vocabulary.bytes(of: Int32(id)).count) ?? 0)
    }
    if bytes / longest >= contextLength { throw .promptTooLong(bytes: bytes, contextLength: contextLength) }
  }
}
