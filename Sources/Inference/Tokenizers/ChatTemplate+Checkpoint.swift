import Formats
import Models
import Text

extension ChatTemplate {
  /// The chat template of a checkpoint: its metadata's, or a folder's `chat_template.jinja`, or that of its
  /// `tokenizer_config.json`; nothing when there is none.
  ///
  /// - Throws: `FormatError` naming the key or the file when it is no template that the engine renders; `TensorError` when a
  ///   file cannot be read.
  public init?(_ checkpoint: Checkpoint) throws {
    guard let folder = checkpoint.folder else {
      try self.init(metadata: checkpoint)
      return
    }
    let configuration = try folder.json("tokenizer_config.json")
    let text: String
    let place: String
    if let bytes = try folder.bytes("chat_template.jinja") {
      place = "chat_template.jinja"
      guard let decoded = String(validating: bytes, as: UTF8.self) else {
        throw FormatError.invalidUTF8(field: place, offset: 0)
      }
      text = decoded
    } else if let found = configuration?["chat_template"], found != .null {
      place = "tokenizer_config.json: chat_template"
      // Some folders have several, of which one is for plain conversations.
      let plain = found.elements?.first { $0["name"]?.text == "default" }?["template"]
      guard let template = found.text ?? plain?.text else {
        throw FormatError.invalidValue(field: place, offset: 0, value: "no text", expected: "a template")
      }
      text = template
    } else {
      return nil
    }
    func token(_ name: String) -> String {
      let value = configuration?["\(name)_token"]
      return value?.text ?? value?["content"]?.text ?? ""
    }
    do throws(TextError) {
      try self.init(compiling: text, beginning: token("bos"), end: token("eos"))
    } catch {
      throw FormatError.inconsistent(field: place, offset: nil, problem: "\(error)")
    }
  }
}
