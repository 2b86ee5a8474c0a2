/// A file of the web page, as it stands in the program itself.
public struct PageFile: Sendable {
  /// The paths that it is served at.
  public let paths: [String]
  /// Its media type.
  public let type: String
  /// Its content.
  public let bytes: [UInt8]
  /// What tells this content from any other, an entity tag with its quotation marks.
  public let tag: String

  private init(_ paths: [String], _ type: String, _ bytes: [UInt8]) {
    self.paths = paths
    self.type = type
    self.bytes = bytes
    tag = Self.tag(of: bytes)
  }

  /// All files.
  public static let all: [PageFile] = [
    // One document with four views: each has an address, so that it can be linked to.
    PageFile(["/", "/figures", "/systems", "/plan"], "text/html; charset=utf-8", PackageResources.index_html),
    PageFile(["/page/mark.svg"], "image/svg+xml", PackageResources.mark_svg),
    style("style", PackageResources.style_css),
    style("chat", PackageResources.chat_css),
    style("figures", PackageResources.figures_css),
    style("systems", PackageResources.systems_css),
    style("plan", PackageResources.plan_css),
    script("theme", PackageResources.theme_js),
    script("main", PackageResources.main_js),
    script("dom", PackageResources.dom_js),
    script("api", PackageResources.api_js),
    script("sse", PackageResources.sse_js),
    script("notice", PackageResources.notice_js),
    script("store", PackageResources.store_js),
    script("settings", PackageResources.settings_js),
    script("chat", PackageResources.chat_js),
    script("answers", PackageResources.answers_js),
    script("conversations", PackageResources.conversations_js),
    script("messages", PackageResources.messages_js),
    script("markdown", PackageResources.markdown_js),
    script("markdown-inline", PackageResources.markdown_inline_js),
    script("prometheus", PackageResources.prometheus_js),
    script("plot", PackageResources.plot_js),
    script("figures", PackageResources.figures_js),
    script("systems", PackageResources.systems_js),
    script("results", PackageResources.results_js),
    script("plan", PackageResources.plan_js),
  ]

  private static func style(_ name: String, _ bytes: [UInt8]) -> PageFile {
    PageFile(["/page/\(name).css"], "text/css; charset=utf-8", bytes)
  }

  private static func script(_ name: String, _ bytes: [UInt8]) -> PageFile {
    PageFile(["/page/\(name).js"], "text/javascript; charset=utf-8", bytes)
  }

  /// An entity tag of a content: its FNV-1a hash and its length. No secret hangs on it.
  public static func tag(of bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "\"\(String(hash, radix: 16))-\(String(bytes.count, radix: 16))\""
  }
}
