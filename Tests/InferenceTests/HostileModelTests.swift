import CAllocationCounter
import Foundation
import Testing
import Venturi
import VenturiTesting

/// Every malformed file through the loader that everybody uses: parser, tokenizer, template, architecture, weights.
@Suite struct HostileModelTests {
  /// The field that an error of the loader names, if it does; `nil` for an error that a bad file must not give.
  static func field(of error: any Error) -> String? {
    switch error {
    case let error as FormatError: error.field
    case ModelError.configuration(let key, _): key
    case ModelError.missingTensor(let name), ModelError.tensorMismatch(let name, _, _): name
    case ModelError.unknownArchitecture: "general.architecture"
    default: nil
    }
  }

  /// Whether an error of `stage` may name `field`.
  static func isOf(_ stage: MalformedGGUF.Stage, _ field: String) -> Bool {
    switch stage {
    case .parse: true
    case .vocabulary: field.hasPrefix("tokenizer.ggml.")
    case .template: field == "tokenizer.chat_template"
    case .configuration:
      field.hasPrefix("llama.")
        || ["general.architecture", "tokenizer.ggml.tokens", "rope_freqs.weight"].contains(field)
    case .weights: field.hasPrefix("token_embd.") || field.hasPrefix("blk.") || field.hasPrefix("output")
    case .survives: false
    }
  }

  static func check(_ file: MalformedGGUF) async throws {
    let name = "\(file.category.rawValue), \(file.name)"
    let bytes = file.bytes
    let stored = try TemporaryFile(bytes)
    do {
      let engine = try await watched(name) { try await Engine.load(stored.path, options: EngineOptions(threads: 1)) }
      #expect(file.stage == .survives, "\(name): was accepted")
      if file.stage == .survives { try await survive(engine, name) }
    } catch {
      guard let field = field(of: error) else {
        Issue.record("\(name): \(type(of: error)) names no field: \(error)")
        return
      }
      #expect(isOf(file.stage, field), "\(name): \(file.stage) should refuse it, \(error)")
      if let expected = file.field { #expect(field == expected, "\(name): \(error)") }
      #expect("\(error)".contains(field), "\(name): \(error)")
      guard let error = error as? FormatError, let offset = error.offset else { return }
      #expect((0...bytes.count).contains(offset) && "\(error)".contains("byte \(offset)"), "\(name): \(error)")
    }
  }

  /// Answers, or says that there is no answer.
  private static func survive(_ engine: Engine, _ name: String) async throws {
    for options in [GenerationOptions.greedy, GenerationOptions(seed: 1)] {
      var options = options
      options.maxTokens = 4
      options.ignoreEnd = true
      do {
        let tokens = try await watched(name) { [options] in
          try await engine.generate("the water", options: options).completion().tokens
        }
        #expect(tokens.count == 4 && tokens.allSatisfy { (0..<300).contains($0) }, "\(name)")
      } catch InferenceError.noFiniteLogit { continue }
    }
  }

  /// In a process of its own, so that a trap is a failure of this test and the peak of memory is these files'.
  @Test("Every file is refused by name or survives, in bounded memory", .timeLimit(.minutes(10)))
  func everyFile() async {
    await #expect(processExitsWith: .success) {
      let before = Self.peakBytes()
      var count = 0
      for file in MalformedGGUF.all {
        try await Self.check(file)
        count += 1
      }
      let grown = Self.peakBytes() - before
      print("\(count) hostile files, peak memory grew by \(grown >> 20) MiB")
      #expect(count >= 200)
      // The sanitizers keep what is freed, to find what uses it afterwards.
      if allocation_count_works() { #expect(grown <= 64 << 20, "peak memory grew by \(grown) bytes") }
    }
  }

  static func peakBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
  }
}
