//! Who is where, and where messages go.

use super::super::super::testing::{broadcast, message};
use super::super::super::testing_agents::{Fellows, logical, lowest_priority};
use super::*;

fn map() -> Map {
    Map::new(&[(0, vec![0, 1]), (1, vec![2, 3]), (5, vec![4, 5])]).expect("it is possible")
}

#[test]
fn logical_destinations_name_a_cluster() {
    // SDM vol. 3 §10.6.2.2: from the cluster with the number 1
    let table = [
        (0x01, 0b001),
        (0x0F, 0b001),
        (0x12, 0), // its own
        (0x51, 0b100),
        (0x50, 0), // no member
        (0x21, 0), // no such cluster
        (0xF1, 0),
        (0xFF, 0b101),
    ];
    for (destination, expected) in table {
        let set = map().remote(1, &logical(2, 0, destination), &Fellows::clustered(3, 2));
        assert_eq!(set, expected, "{destination:02X}");
    }
    let mut every = map();
    every.knobs.cluster_fifteen = ClusterFifteen::EveryCluster;
    assert_eq!(every.remote(1, &logical(2, 0, 0xF1), &Fellows::clustered(3, 2)), 0b101);
    let agents = Fellows::clustered(3, 2);
    assert_eq!(map().remote(1, &lowest_priority(logical(2, 0, 0xFF)), &agents), 0);
    assert_eq!(map().remote(1, &lowest_priority(logical(2, 0, 0x51)), &agents), 0b100);
}

#[test]
fn physical_destinations_and_shorthands_have_a_scope() {
    let agents = Fellows::flat(6);
    let mut wide = map();
    wide.physical = PhysicalScope::Machine;
    wide.shorthands = ShorthandScope::Machine;
    let own = Message { shorthand: Shorthand::Own, ..message(0, 0, 0) };
    let table = [(message(0, 0, 1), 0), (message(0, 0, 4), 0b100), (broadcast(0, 0), 0b110), (own, 0)];
    for (message, expected) in table {
        assert_eq!(map().remote(0, &message, &agents), 0, "{message:?}");
        assert_eq!(wide.remote(0, &message, &agents), expected, "{message:?}");
    }
}

#[test]
fn impossible_lists_are_refused() {
    type List = Vec<(u8, Vec<Agent>)>;
    let many = (0..17).map(|number| (number, vec![])).collect();
    let table: [(List, ClusterError); 6] = [
        (vec![], ClusterError::NoCluster),
        (many, ClusterError::TooManyClusters { clusters: 17 }),
        (vec![(16, vec![0])], ClusterError::BadNumber { number: 16 }),
        (vec![(3, vec![0]), (3, vec![1])], ClusterError::DuplicateNumber { number: 3 }),
        (vec![(0, vec![0, 1]), (1, vec![1])], ClusterError::DuplicateAgent { agent: 1 }),
        (vec![(0, vec![0]), (1, vec![2])], ClusterError::MissingAgent { agent: 1 }),
    ];
    for (clusters, error) in table {
        assert_eq!(Map::new(&clusters).err(), Some(error), "{error}");
    }
}
