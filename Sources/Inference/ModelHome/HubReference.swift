/// A model of a model hub as people write it: `hf:user/model[:quant]`.
public struct HubReference: Sendable, Hashable {
  /// The owner's name.
  public let user: String
  /// The model's name.
  public let model: String
  /// The weight type that is wanted, such as `Q4_K_M`; upper case.
  public let quant: String?

  /// What every reference begins with.
  public static let scheme = "hf:"

  /// Reads a reference.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)``.
  public init(_ text: String) throws(InferenceError) {
    func fail(_ problem: String) -> InferenceError { .invalidOption(field: "model", value: text, problem: problem) }
    guard text.hasPrefix(Self.scheme) else { throw fail("it does not begin with \(Self.scheme)") }
    let rest = text.dropFirst(Self.scheme.count)
    let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2 else { throw fail("\(Self.scheme)user/model[:quant] is wanted") }
    for name in names where !Self.isName(name) {
      throw fail("'\(name)' is not 1 to 96 letters, digits, '.', '_' or '-', the first no '.'")
    }
    user = String(names[0])
    model = String(names[1])
    quant = parts.count > 1 ? String(parts[1]).uppercased() : nil
    if let quant, !Self.isName(Substring(quant)) || quant.contains(".") || quant.contains("-") {
      throw fail("'\(quant)' names no weight type")
    }
  }

  private static func isName(_ name: Substring) -> Bool {
    guard 1...96 ~= name.utf8.count, !name.hasPrefix(".") else { return false }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }

  /// The hub's name for the repository.
  public var repository: String { "\(user)/\(model)" }

  /// The name under which the model is kept, a plain one.
  public var homeName: String { "\(user)--\(model)" + (quant.map { "--\($0)" } ?? "") }
}
