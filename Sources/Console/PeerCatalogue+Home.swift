import Profiling
import Venturi

extension PeerCatalogue {
  /// The peers that `make peers` installed for this user: in what `VENTURI_PEERS` names, else beside the models.
  package static var installed: PeerCatalogue {
    let home = environmentValue("VENTURI_PEERS").flatMap { $0.isEmpty ? nil : $0 }
    return PeerCatalogue(home: home ?? "\(ModelHome().path)/peers", executable: Files.programPath)
  }
}
