"""The directory 通讯录: who can be reached how, over people, posts, units and their contact points. No tables of its own."""
