/// The description of the server's interface, an OpenAPI 3.1 document, as it stands in the program itself.
///
/// Its bounds are the defaults; those that are settings say so by `x-limit`.
public enum InterfaceFile {
  /// The document's text.
  public static let bytes: [UInt8] = PackageResources.openapi_json
}
