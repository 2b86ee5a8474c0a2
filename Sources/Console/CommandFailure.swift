import ArgumentParser
import Compression
import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An error as the command reports it: a sentence, a word for programs and an exit code.
package struct CommandFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The exit code.
  package var status: ExitStatus
  /// A word for programs.
  package var kind: String
  /// A sentence for people.
  package var message: String

  package var description: String { message }

  /// A failure from its parts.
  package init(status: ExitStatus, kind: String, message: String) {
    self.status = status
    self.kind = kind
    self.message = message
  }

  /// What a library's error means for the command.
  package init(_ error: any Error) {
    let (status, kind) = Self.classify(error)
    self.init(status: status, kind: kind, message: status == .interrupted ? "interrupted" : "\(error)")
    if let failure = error as? CommandFailure { self = failure }
    if case .cannotMap(let path, let code) = error as? TensorError {
      message = "\(path): \(code == EINVAL ? "not a regular file" : systemErrorText(code))"
    }
    if case .cannotWrite(let path, let code) = error as? TensorError {
      message = "cannot write \(path): \(systemErrorText(code))"
    }
  }

  /// The failure with the model's name before what is wrong in its file.
  package func naming(_ model: String?) -> CommandFailure {
    guard let model, kind == "bad_model", !message.contains(model) else { return self }
    return CommandFailure(status: status, kind: kind, message: "\(model): \(message)")
  }

  /// `{"error": {"message", "type", "code"}}`.
  package var json: JSON {
    [
      "error": [
        "message": .string(message), "type": .string(kind), "code": .integer(Int(status.rawValue)),
      ]
    ]
  }

  /// An answer that was found but could not be kept: its members, then `error`.
  package func added(to answer: JSON) -> JSON { .object((answer.members ?? []) + (json.members ?? [])) }

  private static func classify(_ error: any Error) -> (ExitStatus, String) {
    switch error {
    case is CancellationError: (.interrupted, "interrupted")
    case is ValidationError: (.usage, "usage")
    case let error as any ClassifiedError: (error.status, error.kindOfFailure)
    case let error as TextError: classify(error)
    case is FormatError, is GraphError: (.badModel, "bad_model")
    case let error as ModelError: classify(error)
    case let error as InferenceError: classify(error)
    case let error as TensorError: classify(error)
    case let error as ProfilingError: classify(error)
    case let error as CompressionError: classify(error)
    default: (.failure, "failure")
    }
  }

  private static func classify(_ error: ModelError) -> (ExitStatus, String) {
    switch error {
    case .unknownArchitecture, .wrongKind, .configuration, .missingTensor, .tensorMismatch, .adapter:
      (.badModel, "bad_model")
    case .doesNotFit: (.unavailable, "out_of_memory")
    case .contextExceeded: (.failure, "context_length_exceeded")
    case .tokenOutOfRange: (.usage, "usage")
    default: (.failure, "failure")
    }
  }

  private static func classify(_ error: TextError) -> (ExitStatus, String) {
    switch error {
    case .grammarMalformed, .grammarLeftRecursion, .grammarLimit, .schemaUnsupported, .schemaInvalid: (.usage, "usage")
    case .chatTemplateRaised, .chatTemplateFailed, .chatTemplateBudget: (.failure, "chat_template")
    default: (.badModel, "bad_model")
    }
  }

  private static func classify(_ error: InferenceError) -> (ExitStatus, String) {
    switch error {
    case .invalidOption, .emptyPrompt, .tokenOutOfRange, .invalidModelName: (.usage, "usage")
    case .contextExceeded: (.failure, "context_length_exceeded")
    case .overloaded: (.overloaded, "overloaded")
    case .noChatTemplate, .checksumMismatch, .vocabularyMismatch: (.badModel, "bad_model")
    case .adapter: (.badModel, "bad_adapter")
    case .unknownAdapter: (.unavailable, "adapter_not_found")
    case .damagedProfile: (.badModel, "bad_profile")
    case .sessionFile: (.badModel, "bad_session")
    case .modelNotFound: (.unavailable, "model_not_found")
    case .unknownPackage, .pullFailed: (.unavailable, "unavailable")
    case .system(_, _, let code): classify(systemError: code)
    default: (.failure, "failure")
    }
  }

  private static func classify(_ error: CompressionError) -> (ExitStatus, String) {
    switch error {
    case .notFinite, .outOfRange, .importance: (.badModel, "bad_model")
    case .alreadyQuantized, .unsupportedType, .invalidOption, .sameFile: (.usage, "usage")
    }
  }

  private static func classify(_ error: TensorError) -> (ExitStatus, String) {
    switch error {
    case .outOfMemory: (.unavailable, "out_of_memory")
    case .cannotMap(_, let code): classify(systemError: code)
    case .cannotWrite(_, let code): code == EISDIR ? (.usage, "usage") : classify(systemError: code)
    default: (.badModel, "bad_model")
    }
  }

  private static func classify(_ error: ProfilingError) -> (ExitStatus, String) {
    switch error {
    case .peerAbsent: (.unavailable, "unavailable")
    case .invalidSetting: (.usage, "usage")
    case .file(_, EISDIR): (.usage, "usage")
    case .file(_, let code): classify(systemError: code)
    default: (.failure, "failure")
    }
  }

  private static func classify(systemError code: Int32) -> (ExitStatus, String) {
    switch code {
    case ENOENT, ENOTDIR: (.unavailable, "not_found")
    case EISDIR, EINVAL: (.badModel, "bad_model")
    default: (.failure, "failure")
    }
  }
}
