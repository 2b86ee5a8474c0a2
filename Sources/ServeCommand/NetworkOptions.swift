import ArgumentParser
import Console
import Server
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Who reaches the server, and who is let in.
package struct NetworkOptions: ParsableArguments {
  @Option(help: "The address to listen on; 0.0.0.0 lets other machines reach it.")
  package var host = "127.0.0.1"

  @Option(help: "The port; 0 lets the system choose.")
  package var port = 8080

  @Option(
    help: ArgumentHelp(
      "A key that lets a client in; repeatable.",
      discussion: "Other users of the machine see the arguments of programs: VENTURI_API_KEY or a file is better.",
      valueName: "key"))
  package var apiKey: [String] = []

  @Option(help: ArgumentHelp("Keys, one a line.", valueName: "file"))
  package var apiKeyFile: String?

  @Option(
    help: ArgumentHelp(
      "A web page that may call, as https://chat.example; * allows all; repeatable.", valueName: "origin"))
  package var allowedOrigin: [String] = []

  @Option(help: ArgumentHelp("The certificate chain of TLS, PEM.", valueName: "file"))
  package var tlsCertificate: String?

  @Option(help: ArgumentHelp("The private key of TLS, PEM.", valueName: "file"))
  package var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "The results that the web page shows; ./Results by default, if it is there.", valueName: "folder"))
  package var results: String?

  package init() {}

  package func validate() throws {
    if !(0...65535).contains(port) { throw ValidationError("--port \(port): must be from 0 to 65535") }
    if (tlsCertificate == nil) != (tlsKey == nil) {
      throw ValidationError("--tls-certificate and --tls-key are given together")
    }
  }

  /// Takes the options over.
  ///
  /// - Throws: ``CommandFailure``.
  func apply(to settings: inout ServerSettings) throws {
    settings.host = host
    settings.port = port
    var keys = apiKey
    if let apiKeyFile {
      let found = KeyRing.keys(inFile: try InputText.file(apiKeyFile))
      if found.isEmpty {
        throw CommandFailure(status: .usage, kind: "usage", message: "--api-key-file \(apiKeyFile): has no key")
      }
      keys += found
    }
    do { settings.keys = try KeyRing(keys) } catch {
      throw CommandFailure(status: .usage, kind: "usage", message: "\(error)")
    }
    settings.origins = OriginPolicy(allowedOrigin)
    settings.results = results ?? (access("Results/results.json", R_OK) == 0 ? "Results" : nil)
    if let tlsCertificate, let tlsKey { settings.tls = TLSFiles(certificate: tlsCertificate, key: tlsKey) }
  }

  /// Whether only this machine reaches the server.
  var isLocal: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// Says where the server listens, and what that means.
  func tell(port: Int, keys: KeyRing, json: Bool) {
    let scheme = tlsCertificate == nil ? "http" : "https"
    let name = host.contains(":") ? "[\(host)]" : host
    let address = "\(scheme)://\(name):\(port)"
    if json {
      Output.answer(
        JSON.object([
          JSON.Member("url", .string(address)), JSON.Member("host", .string(host)), JSON.Member("port", .integer(port)),
        ]).line)
    }
    Output.note("listening on \(address) (OpenAI clients: base URL \(address)/v1)")
    if isLocal {
      Output.note(
        "Only this machine reaches it. --host 0.0.0.0 opens it to every machine that reaches this one: whoever does may use "
          + "the model then, unless --api-key or --api-key-file asks for keys; --tls-certificate and --tls-key keep what "
          + "is said from those in between.")
      return
    }
    if keys.isEmpty {
      Output.note("warning: every machine that reaches \(name) may use the model: no keys are asked for (--api-key)")
    }
    if tlsCertificate == nil {
      Output.note("warning: what is said, keys included, can be read on the way: no TLS (--tls-certificate, --tls-key)")
    }
  }
}
